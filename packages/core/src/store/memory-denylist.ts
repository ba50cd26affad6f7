import { type Clock, systemClock } from '../clock.js';
import {
  type DeniableToken,
  type Denylist,
  type DenylistHead,
  hasGoodVersion,
  raiseVersion,
} from '../token/denylist.js';
import { tagOf } from '../token/id.js';

interface Entry {
  readonly from: number;
  readonly until: number;
  readonly successor?: string;
}

interface Subject {
  head: DenylistHead;
  /** When the last token that needs the head is gone. */
  until: number;
  operation?: string;
  /** By kind and id. */
  readonly entries: Map<string, Entry>;
}

/** Subjects looked at for what has run out, at every write. */
const SWEPT = 4;

/**
 * A denylist in this process's memory: for one process, development and tests. A restart forgets it, so every token
 * of before is refused then: none comes back to life.
 */
export function memoryDenylist(options: { readonly clock?: Clock } = {}): Denylist {
  const subjects = new Map<string, Subject>();
  let clock = options.clock;
  let sweep = subjects.entries();

  const now = (): number => (clock ?? systemClock).now();

  function sweepSome(at: number): void {
    for (let count = 0; count < SWEPT; count += 1) {
      const next = sweep.next();
      if (next.done === true) {
        sweep = subjects.entries();
        return;
      }
      const [tag, subject] = next.value;
      if (subject.until <= at) subjects.delete(tag);
      for (const [id, entry] of subject.entries) if (entry.until <= at) subject.entries.delete(id);
    }
  }

  function subjectOf(tag: string, life: number): Subject {
    const at = now();
    sweepSome(at);
    const known = subjects.get(tag);
    const subject =
      known !== undefined && known.until > at
        ? known
        : { head: { version: Math.floor(at) }, until: 0, entries: new Map<string, Entry>() };
    subject.until = Math.max(subject.until, at + life);
    subjects.set(tag, subject);
    return subject;
  }

  function isDenied({ sid, jti, version }: DeniableToken, at: number): boolean {
    const subject = subjects.get(tagOf(sid));
    if (subject === undefined || subject.until <= now()) return true;
    if (!hasGoodVersion(subject.head, { sid, jti, version })) return true;
    const { entries } = subject;
    return hasBegun(entries.get(`j${jti}`), at) || hasBegun(entries.get(`s${sid}`), at);
  }

  return {
    timeout: 1_000,
    isLocal: true,
    open(context) {
      clock ??= context.clock;
    },
    async enroll(tag, life) {
      return subjectOf(tag, life).head.version;
    },
    async isDenied(token, at) {
      return isDenied(token, at);
    },
    peek: (token, at) => (isDenied(token, at) ? undefined : false),
    async deny(tag, denials, life) {
      const { entries } = subjectOf(tag, life);
      const until = now() + life;
      for (const { kind, id, from = 0 } of denials) {
        const key = `${kind === 'token' ? 'j' : 's'}${id}`;
        const known = entries.get(key);
        // Without a successor: a token that was replaced and then denied leads nowhere any more.
        entries.set(key, {
          from: Math.min(from, known?.from ?? from),
          until: Math.max(until, known?.until ?? until),
        });
      }
    },
    async denyAll(tag, { except, operation, life }) {
      const subject = subjectOf(tag, life);
      if (subject.operation === operation) return;
      subject.head = raiseVersion(subject.head, { now: Math.floor(now()), except });
      subject.operation = operation;
      // What is denied by its version needs no entry of its own.
      if (except === undefined) subject.entries.clear();
    },
    async succeed(token, { at, successor, life }) {
      const { sid, jti } = token;
      const known = subjects.get(tagOf(sid))?.entries.get(`j${jti}`)?.successor;
      if (isDenied(known === undefined ? token : { ...token, jti: '' }, at)) return undefined;
      const { head, entries } = subjectOf(tagOf(sid), life);
      if (known === undefined) {
        entries.set(`j${jti}`, { from: 0, until: now() + life, successor });
      }
      return { successor: known ?? successor, version: head.version };
    },
    async ready() {},
    async close() {},
  };
}

function hasBegun(entry: Entry | undefined, at: number): boolean {
  return entry !== undefined && at >= entry.from;
}
