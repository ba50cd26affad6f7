import type { Finding, Operation } from '../history.js';
import type { Losses } from './losses.js';
import { groupBy, type SessionStory } from './sessions.js';

type Patching = Operation & { readonly patch: NonNullable<Operation['patch']> };

const isPatching = (call: Operation): call is Patching => call.patch !== undefined;

/**
 * What a confirmed patch has set is seen by every call that begins later, unless another patch of the
 * same key came after it or beside it. Whatever is seen was written by somebody.
 */
export function checkPatches(story: SessionStory, losses: Losses): readonly Finding[] {
  const byKey = groupBy(story.calls.filter(isPatching), ({ patch }) => patch.key);
  const reads = story.calls.filter(({ seen, outcome }) => seen !== undefined && outcome === 'ok');
  const findings: Finding[] = [];
  const keys = new Set([...byKey.keys(), ...reads.flatMap(({ seen = {} }) => Object.keys(seen))]);
  for (const key of keys) {
    const patches = byKey.get(key) ?? [];
    for (const read of reads) {
      // In the order of their ends, so the last one before the read is the one that counts.
      const last = patches.findLast(({ outcome, to }) => outcome === 'ok' && to < read.from);
      const value = read.seen?.[key];
      const writer = patches.find(({ patch }) => patch.value === value);
      const text = problemOf(read, last, value, writer);
      if (text === undefined) continue;
      const isExplained = last !== undefined && (losses.explain(last) || losses.explain(read));
      findings.push({
        rule: 'no patch lost',
        verdict: isExplained ? 'failover' : 'violation',
        session: story.name,
        text: `${story.name}: ${key} ${text}`,
        evidence: last === undefined ? [read] : [last, read],
      });
    }
  }
  return findings;
}

function problemOf(
  read: Operation,
  last: Patching | undefined,
  value: number | undefined,
  writer: Patching | undefined,
): string | undefined {
  if (value !== undefined && (writer === undefined || writer.from > read.to)) {
    return `is ${value}, which nobody had written`;
  }
  if (last === undefined || value === last.patch.value) return undefined;
  // One that was under way together with the last, or began after it, may have the last word.
  if (writer !== undefined && writer.to > last.from) return undefined;
  // What was not confirmed may happen until its deadline, but its call ends no earlier than that.
  return `is ${value ?? 'absent'} after ${last.patch.value} was confirmed`;
}
