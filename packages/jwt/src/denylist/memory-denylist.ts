import type { Clock } from '@sess/core';
import { systemClock, tagOf } from '@sess/core/internal';
import {
  type DeniableToken,
  type Denylist,
  isCurrentVersion,
  type SubjectWatermark,
} from '@sess/core/store';

interface Entry {
  /** The time from which the token or session is denied; absent for a token that was only replaced. */
  readonly from?: number;
  /** The time at which the last token that it can deny has expired. */
  readonly until: number;
  /** The token that replaced this one: this one is denied, and leads to it. */
  readonly successor?: string;
}

interface Subject {
  watermark: SubjectWatermark;
  /** The time at which the last token that needs the watermark has expired. */
  until: number;
  /** The latest operations that denied everything, newest first: a repeated call changes nothing. */
  operations: readonly string[];
  /** By kind and id. */
  entries: Map<string, Entry>;
  /** Position of the sweep over `entries`. */
  cursor: IterableIterator<[string, Entry]>;
}

/** Subjects and entries that every write checks for expiry: more than it adds, so that expired ones do not pile up. */
const SWEPT = 4;
const MAX_OPERATIONS = 3;

/**
 * Creates a denylist in the memory of this process: for one process, development and tests. A restart loses it. All
 * tokens from before are refused then, so that none becomes valid again.
 *
 * @param options.clock default: the clock of the engine that uses it
 */
export function memoryDenylist(options: { readonly clock?: Clock } = {}): Denylist {
  const subjects = new Map<string, Subject>();
  let clock = options.clock;
  let cursor = subjects.entries();

  const now = (): number => (clock ?? systemClock).now();

  function sweepSubjects(at: number): void {
    for (let count = 0; count < SWEPT; count += 1) {
      const next = cursor.next();
      if (next.done === true) {
        cursor = subjects.entries();
        return;
      }
      const [tag, subject] = next.value;
      if (subject.until <= at) subjects.delete(tag);
    }
  }

  function sweepEntries(subject: Subject, at: number): void {
    for (let count = 0; count < SWEPT; count += 1) {
      const next = subject.cursor.next();
      if (next.done === true) {
        subject.cursor = subject.entries.entries();
        return;
      }
      const [id, { until }] = next.value;
      if (until <= at) subject.entries.delete(id);
    }
  }

  function createSubject(at: number): Subject {
    const entries = new Map<string, Entry>();
    const watermark = { version: Math.floor(at) };
    return { watermark, until: 0, operations: [], entries, cursor: entries.entries() };
  }

  function subjectOf(tag: string, ttlMs: number): Subject {
    const at = now();
    sweepSubjects(at);
    const known = subjects.get(tag);
    const subject = known !== undefined && known.until > at ? known : createSubject(at);
    subject.until = Math.max(subject.until, at + ttlMs);
    subjects.set(tag, subject);
    return subject;
  }

  function setEntry(subject: Subject, id: string, entry: Entry): void {
    sweepEntries(subject, now());
    subject.entries.set(id, entry);
  }

  /** Returns the subject, `undefined` if the token is denied by its version, its session, or its own entry. */
  function findUndenied(token: DeniableToken, at: number): Subject | undefined {
    const subject = subjects.get(tagOf(token.sid));
    if (subject === undefined || subject.until <= now()) return undefined;
    if (!isCurrentVersion(subject.watermark, token)) return undefined;
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
    async currentVersion(tag, ttlMs) {
      return subjectOf(tag, ttlMs).watermark.version;
    },
    async isDenied(token, at) {
      return isDenied(token, at);
    },
    isKnownValid: (token, at) => !isDenied(token, at),
    async deny(tag, denials, ttlMs) {
      const subject = subjectOf(tag, ttlMs);
      const until = now() + ttlMs;
      for (const { kind, id, from = 0 } of denials) {
        const key = `${kind === 'token' ? 'j' : 's'}${id}`;
        const known = subject.entries.get(key);
        setEntry(subject, key, {
          ...known,
          from: Math.min(from, known?.from ?? from),
          until: Math.max(until, known?.until ?? until),
        });
      }
    },
    async denyAll(tag, { except, operation, ttlMs }) {
      const subject = subjectOf(tag, ttlMs);
      if (subject.operations.includes(operation)) return;
      subject.watermark = raiseVersion(subject.watermark, { now: Math.floor(now()), except });
      subject.operations = [operation, ...subject.operations].slice(0, MAX_OPERATIONS);
      if (except !== undefined) return;
      // What the version denies needs no entry.
      subject.entries = new Map();
      subject.cursor = subject.entries.entries();
    },
    async supersede(token, { at, successor, ttlMs }) {
      const { sid, jti } = token;
      if (findUndenied(token, at) === undefined) return undefined;
      const subject = subjectOf(tagOf(sid), ttlMs);
      const { watermark, entries } = subject;
      const known = entries.get(`j${jti}`);
      if (known?.successor === undefined) {
        const until = Math.max(now() + ttlMs, known?.until ?? 0);
        setEntry(subject, `j${jti}`, { ...known, until, successor });
      }
      return { successor: known?.successor ?? successor, version: watermark.version };
    },
    async ready() {},
    async close() {},
  };
}

function hasBegun(entry: Entry | undefined, at: number): boolean {
  return entry?.from !== undefined && at >= entry.from;
}

/**
 * Returns the watermark after all tokens but those of one session were denied. A session that is spared twice keeps the
 * version from which it was spared. Another session is spared for the tokens that were valid until now.
 */
export function raiseVersion(
  watermark: SubjectWatermark | undefined,
  { now, except }: { readonly now: number; readonly except: string | undefined },
): SubjectWatermark {
  const version = Math.max((watermark?.version ?? 0) + 1, now);
  if (except === undefined || watermark === undefined) return { version };
  const exceptFrom =
    watermark.except === except ? (watermark.exceptFrom ?? watermark.version) : watermark.version;
  return { version, except, exceptFrom };
}
