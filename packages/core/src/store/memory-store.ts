import { tagOf } from '../token/session-id.js';
import { type Clock, isProduction, systemClock } from '../util/clock.js';
import { compareByAge, isExpired, type SessionRecord } from './record.js';
import {
  type InsertResult,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  type RemoveResult,
  type ReplaceResult,
  type SessionStore,
  type SubjectLimit,
  TOMBSTONE_TTL_MS,
  type WriteContext,
} from './store.js';

export interface MemoryStoreOptions {
  /** The store's time. Default: that of the first engine that uses the store. */
  readonly clock?: Clock;
}

/**
 * Sessions in this process's memory: the default, right for development, tests and a single process that
 * may forget everyone when it restarts. It stays bounded by itself: sessions that ran out are swept
 * as others are written, without a timer.
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStore {
  const subjects = createSubjects();
  let clock = options.clock;
  let hasWarned = false;

  const now = (): number => (clock ?? systemClock).now();

  /** Runs a write at one moment of the store's time, unless it comes too late. */
  async function writing<Answer>(
    write: WriteContext,
    work: (at: number) => Answer,
  ): Promise<Answer | LateResult> {
    const at = now();
    if (at > write.notAfter) return { status: 'late', now: at };
    const answer = work(at);
    subjects.sweepSome(at);
    return answer;
  }

  function replace(
    sid: string,
    at: number,
    change: (record: SessionRecord) => SessionRecord | 'same' | undefined,
  ): ReplaceResult {
    const record = subjects.record(sid);
    if (record === undefined || isExpired(record, at)) return { status: 'absent', now: at };
    const next = change(record);
    if (next === undefined) return { status: 'conflict', record, now: at };
    if (next !== 'same') subjects.put(next);
    return { status: 'replaced', now: at };
  }

  /** Marks the step that made a generation as one whose token was presented by several. */
  function share(record: SessionRecord, generation: number | undefined): SessionRecord {
    const { auth, authVersion } = record;
    if (auth.generation !== generation || auth.replayed) return record;
    return subjects.put({
      ...record,
      auth: { ...auth, replayed: true },
      authVersion: authVersion + 1,
    });
  }

  function insert(
    record: SessionRecord,
    limit: SubjectLimit,
    write: WriteContext,
    at: number,
  ): InsertResult {
    const tag = tagOf(record.sid);
    const subject = subjects.of(tag);
    const existing = subject.live.get(record.sid);
    if (existing !== undefined) {
      return { status: 'inserted', evicted: evictedBy(subject, write.operation), now: at };
    }
    const { fence } = subject;
    const removal = subject.removed.get(record.sid);
    if (record.createdAt <= fence || removal !== undefined) {
      return { status: 'revoked', revokedBefore: Math.max(fence, removal?.at ?? fence), now: at };
    }
    if (record.createdAt > at + MAX_CLOCK_LEAD_MS)
      return { status: 'revoked', revokedBefore: at - 1, now: at };
    const live = liveOf(subject, at);
    if (live.length >= limit.max && limit.onLimit === 'reject') return { status: 'limit', now: at };
    const excess = live.slice(0, Math.max(0, live.length - limit.max + 1));
    for (const old of excess) subjects.drop(subject, old.sid, write.operation, at);
    subjects.prune(tag, subject, at);
    subjects.put(record);
    return { status: 'inserted', evicted: excess.map((old) => old.sid), now: at };
  }

  return {
    timeout: 1_000,
    isLocal: true,
    open(context) {
      clock ??= context.clock;
      if (hasWarned || !isProduction()) return;
      hasWarned = true;
      context.logger.warn(
        {},
        'sessions are in this process: a restart signs everyone out, and a second process knows none of them. Use redisStore() from @sess/redis in production',
      );
    },
    async load(sid) {
      return { record: subjects.record(sid), now: now() };
    },
    getCached: (sid) => subjects.record(sid),
    insert: (record, limit, write) => writing(write, (at) => insert(record, limit, write, at)),
    replaceAuth: (sid, expected, auth, write, markReplayed) =>
      writing(write, (at) => {
        const answer = replace(sid, at, (record) => {
          if (record.authVersion === expected)
            return { ...record, auth, authVersion: expected + 1 };
          const isRepeated = record.authVersion === expected + 1 && isSame(record.auth, auth);
          return isRepeated ? 'same' : undefined;
        });
        if (answer.status !== 'conflict') return answer;
        return { ...answer, record: share(answer.record, markReplayed) };
      }),
    replaceData: (sid, expected, data, write) =>
      writing(write, (at) =>
        replace(sid, at, (record) => {
          if (record.dataVersion === expected)
            return { ...record, data, dataVersion: expected + 1 };
          return record.dataVersion === expected + 1 && isSame(record.data, data)
            ? 'same'
            : undefined;
        }),
      ),
    remove: (sid, write, expected) =>
      writing(write, (at): RemoveResult => {
        const subject = subjects.get(tagOf(sid));
        const record = subject?.live.get(sid);
        if (subject === undefined || record === undefined || isExpired(record, at)) {
          const before = subject?.removed.get(sid)?.operation === write.operation;
          return { status: before ? 'removed' : 'absent', now: at };
        }
        if (expected !== undefined && record.authVersion !== expected) {
          return { status: 'conflict', record, now: at };
        }
        subjects.drop(subject, sid, write.operation, at);
        return { status: 'removed', now: at };
      }),
    async list(tag) {
      const at = now();
      const subject = subjects.get(tag);
      return { records: subject === undefined ? [] : liveOf(subject, at), now: at };
    },
    removeAll: (tag, except, write) =>
      writing(write, (at) => {
        const subject = subjects.of(tag);
        const before = subject.fences.get(write.operation);
        if (before !== undefined) return { status: 'removed', count: before.count, now: at };
        let count = 0;
        for (const record of subject.live.values()) {
          if (record.sid === except || isExpired(record, at)) continue;
          subjects.forget(subject, record.sid);
          count += 1;
        }
        subjects.prune(tag, subject, at);
        // Pruned to nothing, the subject is another one now.
        const left = subjects.of(tag);
        left.fence = Math.max(at, subject.fence + 2);
        left.fences.set(write.operation, { at, count });
        return { status: 'removed', count, now: at };
      }),
    async ready() {},
    // Nothing is held but memory, and another engine may be using the same store.
    async close() {},
  };
}

function liveOf(subject: Subject, at: number): SessionRecord[] {
  return [...subject.live.values()].filter((record) => !isExpired(record, at)).sort(compareByAge);
}

function evictedBy(subject: Subject, operation: string): string[] {
  return [...subject.removed]
    .filter(([, removal]) => removal.operation === operation)
    .map(([sid]) => sid);
}

/** Parts are built in one order of keys, so equal parts have equal text. */
function isSame(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** How long a session that ran out is kept, so that its tokens read `expired` for a while. Milliseconds. */
const KEPT_AFTER_END = 60_000;
/** A pass over everything starts this often, and each write carries it on by so many subjects. */
const SWEEP_INTERVAL = 60_000;
const SWEEP_STEP = 1_000;

/** One subject's sessions, and what was lately removed. */
export interface Subject {
  readonly live: Map<string, SessionRecord>;
  /** Operations by the sid they removed; oldest first, as maps keep their order. */
  readonly removed: Map<string, { readonly operation: string; readonly at: number }>;
  /** What removed all, by its operation; oldest first. */
  readonly fences: Map<string, { readonly at: number; readonly count: number }>;
  /** Where the newest fence lies. */
  fence: number;
}

/** All subjects of a memory store. */
export interface Subjects {
  get(tag: string): Subject | undefined;
  /** The subject, made if there is none. */
  of(tag: string): Subject;
  record(sid: string): SessionRecord | undefined;
  /** Keeps a record in place of the one of the same sid. */
  put(record: SessionRecord): SessionRecord;
  /** Removes a session, and notes which operation did it. */
  drop(subject: Subject, sid: string, operation: string, at: number): void;
  /** Removes a session without a note: a fence or its own end stands for it. */
  forget(subject: Subject, sid: string): void;
  /** Forgets what has run out, and the subject with it when nothing is left. */
  prune(tag: string, subject: Subject, at: number): void;
  /** A bounded piece of a pass over all subjects. */
  sweepSome(at: number): void;
}

export function createSubjects(): Subjects {
  const records = new Map<string, SessionRecord>();
  const subjects = new Map<string, Subject>();
  let sweep: Iterator<[string, Subject]> | undefined;
  let nextSweep = Number.NEGATIVE_INFINITY;

  function of(tag: string): Subject {
    let subject = subjects.get(tag);
    if (subject === undefined) {
      subject = {
        live: new Map(),
        removed: new Map(),
        fences: new Map(),
        fence: Number.NEGATIVE_INFINITY,
      };
      subjects.set(tag, subject);
    }
    return subject;
  }

  function forget(subject: Subject, sid: string): void {
    subject.live.delete(sid);
    records.delete(sid);
  }

  function prune(tag: string, subject: Subject, at: number): void {
    for (const [sid, record] of subject.live) {
      if (at >= record.auth.expiresAt + KEPT_AFTER_END) forget(subject, sid);
    }
    for (const marks of [subject.removed, subject.fences]) {
      for (const [id, { at: marked }] of marks) {
        // What comes after a fresh one is fresh.
        if (at < marked + TOMBSTONE_TTL_MS) break;
        marks.delete(id);
      }
    }
    if (subject.live.size + subject.removed.size + subject.fences.size === 0) subjects.delete(tag);
  }

  return {
    get: (tag) => subjects.get(tag),
    of,
    record: (sid) => records.get(sid),
    put(record) {
      records.set(record.sid, record);
      of(tagOf(record.sid)).live.set(record.sid, record);
      return record;
    },
    drop(subject, sid, operation, at) {
      forget(subject, sid);
      subject.removed.set(sid, { operation, at });
    },
    forget,
    prune,
    sweepSome(at) {
      if (sweep === undefined) {
        if (at < nextSweep) return;
        sweep = subjects.entries();
        nextSweep = at + SWEEP_INTERVAL;
      }
      for (let step = 0; step < SWEEP_STEP; step += 1) {
        const { done, value } = sweep.next();
        if (done === true) {
          sweep = undefined;
          return;
        }
        prune(value[0], value[1], at);
      }
    },
  };
}
