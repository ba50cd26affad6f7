import { createReplayLog } from '@sess/core/internal';
import type { DeniableToken, Denial, SubjectWatermark } from '@sess/core/store';
import type { DenylistCommands } from './commands.js';

/** Times and lifetimes of an entry. `at` is this process's time; both are milliseconds. */
interface Recorded {
  readonly at: number;
  readonly ttlMs: number;
  readonly tag: string;
}

/** A denial that this process made. */
export type RecordedDenial = Recorded &
  (
    | { readonly kind: 'some'; readonly denials: readonly Denial[] }
    | { readonly kind: 'all'; readonly operation: string; readonly watermark: SubjectWatermark }
    | { readonly kind: 'spent'; readonly token: DeniableToken; readonly successor: string }
  );

/** The denials of the last minute. */
export interface DenialLog {
  add(denial: RecordedDenial): void;
  /** Returns the denials of the last minute before `now`, those of one subject merged, oldest first. */
  recent(now: number): readonly RecordedDenial[];
}

/** Creates a log of denials. */
export function createDenialLog(): DenialLog {
  const log = createReplayLog<RecordedDenial>((entry) => {
    const { tag } = entry;
    if (entry.kind === 'spent') {
      return { tag, name: `spent:${entry.token.jti}`, coversSubject: false };
    }
    if (entry.kind === 'all') {
      // The server has dropped the single denials of the subject for it.
      return { tag, name: 'all', coversSubject: entry.watermark.except === undefined };
    }
    return {
      tag,
      name: entry.denials.map(({ kind, id }) => `${kind}:${id}`).join(),
      coversSubject: false,
    };
  });
  return {
    add(entry) {
      if (entry.kind !== 'some') log.add(entry);
      else for (const denial of entry.denials) log.add({ ...entry, denials: [denial] });
    },
    recent: (now) => mergeDenials(log.recent(now)),
  };
}

/** Returns the entries with all single denials of a subject in one. */
function mergeDenials(entries: readonly RecordedDenial[]): readonly RecordedDenial[] {
  const merged = new Map<string, RecordedDenial>();
  for (const [n, entry] of entries.entries()) {
    const name = entry.kind === 'some' ? entry.tag : `${entry.tag}:${n}`;
    const before = merged.get(name);
    if (before?.kind !== 'some' || entry.kind !== 'some') {
      merged.set(name, entry);
      continue;
    }
    // At its later place, so that a removal of all in between does not come after it.
    merged.delete(name);
    merged.set(name, {
      ...entry,
      ttlMs: Math.max(before.ttlMs, entry.ttlMs),
      denials: [...before.denials, ...entry.denials],
    });
  }
  return [...merged.values()];
}

/** Repeats a denial. Returns how much of it the server had lost, as far as that can be known. */
export async function replayDenial(
  commands: DenylistCommands,
  denial: RecordedDenial,
): Promise<number> {
  const { tag, ttlMs, at } = denial;
  if (denial.kind === 'some') return commands.deny(tag, denial.denials, ttlMs);
  if (denial.kind === 'all') {
    const { watermark, operation } = denial;
    return commands.replayDenyAll(tag, watermark, { operation, ttlMs });
  }
  const { token, successor } = denial;
  await commands.supersede(token, { at, successor, ttlMs });
  return 0;
}
