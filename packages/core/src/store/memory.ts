import { type Clock, systemClock } from '../clock.js';
import { isProduction } from '../environment.js';
import { tagOf } from '../token/id.js';
import { isOver, type SessionRecord } from './record.js';
import {
  type InsertAnswer,
  LARGEST_LEAD,
  type Late,
  MEMORY_OF_REMOVAL,
  type RemoveAnswer,
  type ReplaceAnswer,
  type SessionStore,
  type SubjectLimit,
  type Write,
} from './store.js';

/** How long a session that ran out is kept, so that its tokens read `expired` for a while. Milliseconds. */
const KEPT_AFTER_END = 60_000;
/** A pass over everything starts this often, and each write carries it on by so many subjects. */
const SWEEP_INTERVAL = 60_000;
const SWEEP_STEP = 1_000;

/** One subject's sessions, and what was lately removed. */
interface Subject {
  readonly live: Map<string, SessionRecord>;
  /** Operations by the sid they removed. */
  readonly removed: Map<string, { readonly operation: string; readonly at: number }>;
  /** What removed all, by its operation; oldest first, as maps keep their order. */
  readonly fences: Map<string, { readonly at: number; readonly count: number }>;
  /** Where the newest fence lies. */
  fence: number;
}

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
  const records = new Map<string, SessionRecord>();
  const subjects = new Map<string, Subject>();
  let clock = options.clock;
  let hasWarned = false;
  let sweep: Iterator<[string, Subject]> | undefined;
  let nextSweep = Number.NEGATIVE_INFINITY;

  const now = (): number => (clock ?? systemClock).now();

  function subjectOf(tag: string): Subject {
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

  function drop(subject: Subject, sid: string, operation: string, at: number): void {
    subject.live.delete(sid);
    records.delete(sid);
    subject.removed.set(sid, { operation, at });
  }

  /** Forgets what has run out, and the subject with it when nothing is left. */
  function prune(tag: string, subject: Subject, at: number): void {
    for (const [sid, record] of subject.live) {
      if (at < record.auth.expiresAt + KEPT_AFTER_END) continue;
      subject.live.delete(sid);
      records.delete(sid);
    }
    // Both are in the order of time: what comes after a fresh one is fresh.
    for (const marks of [subject.removed, subject.fences]) {
      for (const [id, { at: marked }] of marks) {
        if (at < marked + MEMORY_OF_REMOVAL) break;
        marks.delete(id);
      }
    }
    if (subject.live.size + subject.removed.size + subject.fences.size === 0) subjects.delete(tag);
  }

  /** A bounded piece of a pass over all subjects. */
  function sweepSome(at: number): void {
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
  }

  /** Runs a write at one moment of the store's time, unless it comes too late. */
  async function writing<Answer>(
    write: Write,
    work: (at: number) => Answer,
  ): Promise<Answer | Late> {
    const at = now();
    if (at > write.notAfter) return { status: 'late', now: at };
    const answer = work(at);
    sweepSome(at);
    return answer;
  }

  function replace(
    sid: string,
    at: number,
    change: (record: SessionRecord) => SessionRecord | 'same' | undefined,
  ): ReplaceAnswer {
    const record = records.get(sid);
    if (record === undefined || isOver(record, at)) return { status: 'absent', now: at };
    const next = change(record);
    if (next === undefined) return { status: 'conflict', record, now: at };
    if (next !== 'same') put(next);
    return { status: 'replaced', now: at };
  }

  function put(record: SessionRecord): SessionRecord {
    records.set(record.sid, record);
    subjects.get(tagOf(record.sid))?.live.set(record.sid, record);
    return record;
  }

  /** Marks the step that made a generation as one whose token was presented by several. */
  function share(record: SessionRecord, generation: number | undefined): SessionRecord {
    const { auth, authVersion } = record;
    if (auth.generation !== generation || auth.shared) return record;
    return put({ ...record, auth: { ...auth, shared: true }, authVersion: authVersion + 1 });
  }

  function insert(
    record: SessionRecord,
    limit: SubjectLimit,
    write: Write,
    at: number,
  ): InsertAnswer {
    const tag = tagOf(record.sid);
    const subject = subjectOf(tag);
    const existing = subject.live.get(record.sid);
    if (existing !== undefined) {
      return { status: 'inserted', evicted: evictedBy(subject, write.operation), now: at };
    }
    const { fence } = subject;
    const removal = subject.removed.get(record.sid);
    if (record.createdAt <= fence || removal !== undefined) {
      return { status: 'fenced', fence: Math.max(fence, removal?.at ?? fence), now: at };
    }
    if (record.createdAt > at + LARGEST_LEAD) return { status: 'fenced', fence: at - 1, now: at };
    const live = liveOf(subject, at);
    if (live.length >= limit.max && limit.onLimit === 'reject') return { status: 'limit', now: at };
    const excess = live.slice(0, Math.max(0, live.length - limit.max + 1));
    for (const old of excess) drop(subject, old.sid, write.operation, at);
    prune(tag, subject, at);
    subjects.set(tag, subject);
    subject.live.set(record.sid, record);
    records.set(record.sid, record);
    return { status: 'inserted', evicted: excess.map((old) => old.sid), now: at };
  }

  return {
    timeout: 1_000,
    open(context) {
      clock ??= context.clock;
      if (hasWarned || !isProduction()) return;
      hasWarned = true;
      context.logger.warn(
        {},
        'sessions are kept in the memory of this process: a restart signs everyone out, and a second process knows none of them. Use redisStore() from @sess/redis in production',
      );
    },
    async load(sid) {
      return { record: records.get(sid), now: now() };
    },
    peek: (sid) => records.get(sid),
    insert: (record, limit, write) => writing(write, (at) => insert(record, limit, write, at)),
    replaceAuth: (sid, expected, auth, write, shares) =>
      writing(write, (at) => {
        const answer = replace(sid, at, (record) => {
          if (record.authVersion === expected)
            return { ...record, auth, authVersion: expected + 1 };
          const isRepeated = record.authVersion === expected + 1 && isSame(record.auth, auth);
          return isRepeated ? 'same' : undefined;
        });
        if (answer.status !== 'conflict') return answer;
        return { ...answer, record: share(answer.record, shares) };
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
      writing(write, (at): RemoveAnswer => {
        const subject = subjects.get(tagOf(sid));
        const record = subject?.live.get(sid);
        if (subject === undefined || record === undefined || isOver(record, at)) {
          const before = subject?.removed.get(sid)?.operation === write.operation;
          return { status: before ? 'removed' : 'absent', now: at };
        }
        if (expected !== undefined && record.authVersion !== expected) {
          return { status: 'conflict', record, now: at };
        }
        drop(subject, sid, write.operation, at);
        return { status: 'removed', now: at };
      }),
    async list(tag) {
      const at = now();
      const subject = subjects.get(tag);
      return { records: subject === undefined ? [] : liveOf(subject, at), now: at };
    },
    removeAll: (tag, except, write) =>
      writing(write, (at) => {
        const subject = subjectOf(tag);
        const before = subject.fences.get(write.operation);
        if (before !== undefined) return { status: 'removed', count: before.count, now: at };
        const ended = liveOf(subject, at).filter((record) => record.sid !== except);
        for (const record of ended) {
          subject.live.delete(record.sid);
          records.delete(record.sid);
        }
        prune(tag, subject, at);
        subjects.set(tag, subject);
        subject.fence = Math.max(at, subject.fence + 2);
        subject.fences.set(write.operation, { at, count: ended.length });
        return { status: 'removed', count: ended.length, now: at };
      }),
    async ready() {},
    // Nothing is held but memory, and another engine may be using the same store.
    async close() {},
  };
}

function liveOf(subject: Subject, at: number): SessionRecord[] {
  return [...subject.live.values()]
    .filter((record) => !isOver(record, at))
    .sort((left, right) => left.createdAt - right.createdAt);
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
