import { type Clock, systemClock, tagOf } from '@sess/core/engine';
import {
  type DeniableToken,
  type Denylist,
  isCurrentVersion,
  type SubjectWatermark,
} from '@sess/core/store';

interface Entry {
  /** From when it is denied by name; a token that only was replaced is not. */
  readonly from?: number;
  /** When the last token that it can deny is gone. */
  readonly until: number;
  /** The token that took this one's place: this one is denied, and leads there. */
  readonly successor?: string;
}

interface Subject {
  head: SubjectWatermark;
  /** When the last token that needs the head is gone. */
  until: number;
  /** The last ones that denied everything, newest first: a call that arrives twice is known. */
  operations: readonly string[];
  /** By kind and id. */
  entries: Map<string, Entry>;
  /** With more entries than this, those that have run out are looked for. */
  limit: number;
}

/** Subjects looked at for what has run out, at every write. */
const SWEPT = 4;
/** Fewer entries are not worth a look. */
const LEAST = 64;
/** Operations of a subject that are remembered. */
const REMEMBERED = 3;

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
    }
  }

  /** Looks at all entries once their number has doubled, so that an addition costs the same however many there are. */
  function prune(subject: Subject, at: number): void {
    const { entries, limit } = subject;
    if (entries.size <= limit) return;
    for (const [id, entry] of entries) if (entry.until <= at) entries.delete(id);
    subject.limit = Math.max(LEAST, 2 * entries.size);
  }

  function subjectOf(tag: string, life: number): Subject {
    const at = now();
    sweepSome(at);
    const known = subjects.get(tag);
    const subject: Subject =
      known !== undefined && known.until > at
        ? known
        : {
            head: { version: Math.floor(at) },
            until: 0,
            operations: [],
            entries: new Map(),
            limit: LEAST,
          };
    subject.until = Math.max(subject.until, at + life);
    subjects.set(tag, subject);
    return subject;
  }

  /** The subject, unless the token is denied by its version, its session, or by its own name. */
  function findUndenied(token: DeniableToken, at: number): Subject | undefined {
    const subject = subjects.get(tagOf(token.sid));
    if (subject === undefined || subject.until <= now()) return undefined;
    if (!isCurrentVersion(subject.head, token)) return undefined;
    const { entries } = subject;
    const isNamed =
      hasBegun(entries.get(`j${token.jti}`), at) || hasBegun(entries.get(`s${token.sid}`), at);
    return isNamed ? undefined : subject;
  }

  function isDenied(token: DeniableToken, at: number): boolean {
    const subject = findUndenied(token, at);
    return subject?.entries.get(`j${token.jti}`)?.successor !== undefined || subject === undefined;
  }

  return {
    timeout: 1_000,
    isLocal: true,
    open(context) {
      clock ??= context.clock;
    },
    async currentVersion(tag, life) {
      return subjectOf(tag, life).head.version;
    },
    async isDenied(token, at) {
      return isDenied(token, at);
    },
    peek: (token, at) => (isDenied(token, at) ? undefined : false),
    async deny(tag, denials, life) {
      const subject = subjectOf(tag, life);
      const until = now() + life;
      for (const { kind, id, from = 0 } of denials) {
        const key = `${kind === 'token' ? 'j' : 's'}${id}`;
        const known = subject.entries.get(key);
        subject.entries.set(key, {
          ...known,
          from: Math.min(from, known?.from ?? from),
          until: Math.max(until, known?.until ?? until),
        });
      }
      prune(subject, now());
    },
    async denyAll(tag, { except, operation, life }) {
      const subject = subjectOf(tag, life);
      if (subject.operations.includes(operation)) return;
      subject.head = raiseVersion(subject.head, { now: Math.floor(now()), except });
      subject.operations = [operation, ...subject.operations].slice(0, REMEMBERED);
      if (except !== undefined) return;
      // What is denied by its version needs no entry of its own.
      subject.entries = new Map();
      subject.limit = LEAST;
    },
    async supersede(token, { at, successor, life }) {
      const { sid, jti } = token;
      if (findUndenied(token, at) === undefined) return undefined;
      const subject = subjectOf(tagOf(sid), life);
      const { head, entries } = subject;
      const known = entries.get(`j${jti}`);
      if (known?.successor === undefined) {
        const until = Math.max(now() + life, known?.until ?? 0);
        entries.set(`j${jti}`, { ...known, until, successor });
        prune(subject, now());
      }
      return { successor: known?.successor ?? successor, version: head.version };
    },
    async ready() {},
    async close() {},
  };
}

function hasBegun(entry: Entry | undefined, at: number): boolean {
  return entry?.from !== undefined && at >= entry.from;
}

/**
 * The head after everything but one session's tokens was denied. A session that is spared twice keeps what it was
 * spared from; another one is spared only for the tokens that were good a moment ago.
 */
export function raiseVersion(
  head: SubjectWatermark | undefined,
  { now, except }: { readonly now: number; readonly except: string | undefined },
): SubjectWatermark {
  const version = Math.max((head?.version ?? 0) + 1, now);
  if (except === undefined || head === undefined) return { version };
  const exceptFrom = head.except === except ? (head.exceptFrom ?? head.version) : head.version;
  return { version, except, exceptFrom };
}
