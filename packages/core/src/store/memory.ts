import { type Clock, systemClock } from '../clock.js';
import { isProduction } from '../environment.js';
import { tagOf } from '../token/id.js';
import { compareByAge, isExpired, type SessionRecord } from './record.js';
import {
  type InsertResult,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  type RemoveResult,
  type ReplaceResult,
  type SessionStore,
  type SubjectLimit,
  type WriteContext,
} from './store.js';
import { createSubjects, type Subject } from './subjects.js';

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
