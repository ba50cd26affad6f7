import { tagOf } from '../token/session-id.js';
import { type Clock, isProduction, systemClock } from '../util/clock.js';
import {
  countLive,
  createSubject,
  forgetRecord,
  prune,
  putRecord,
  rememberRemoval,
  rememberRevocation,
  type Subject,
  type Tombstone,
} from './memory-subject.js';
import { compareByAge, isExpired, type SessionRecord } from './record.js';
import {
  type InsertContext,
  type InsertResult,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceResult,
  type SessionStore,
  type SubjectLimit,
  type WriteContext,
} from './store.js';

/** Subjects that each write of a sweep checks for what has run out. More than one, so that sweeping outruns sign-ins. */
const SWEEP_STEP = 8;
/** How often a sweep over all subjects begins. What has run out is kept for a minute anyway. */
const SWEEP_INTERVAL_MS = 10_000;

/**
 * Creates a store in this process's memory: the default, for development, tests and a single process that may forget
 * all sessions when it restarts. Expired sessions are removed in small pieces by later writes, without a timer.
 *
 * @param options.clock the store's time; default: the clock of the first engine that uses the store
 */
export function memoryStore(options: { readonly clock?: Clock } = {}): SessionStore {
  const records = new Map<string, SessionRecord>();
  const subjects = new Map<string, Subject>();
  let sweep: Iterator<[string, Subject]> | undefined;
  let nextSweepAt = Number.NEGATIVE_INFINITY;
  let clock = options.clock;
  let hasWarned = false;

  const now = (): number => Math.floor((clock ?? systemClock).now());
  // Verifications look sessions up by their sid alone.
  const find = (sid: string): SessionRecord | undefined => records.get(sid);
  const findOf = (tag: string, sid: string | undefined): SessionRecord | undefined =>
    sid !== undefined && tagOf(sid) === tag ? find(sid) : undefined;

  function getOrCreate(tag: string): Subject {
    const known = subjects.get(tag);
    if (known !== undefined) return known;
    const subject = createSubject();
    subjects.set(tag, subject);
    return subject;
  }

  /** Runs a write at one moment of the store's time, unless it arrives too late. */
  async function write<Result>(
    { notAfter }: WriteContext,
    work: (at: number) => Result,
  ): Promise<Result | LateResult> {
    const at = now();
    if (at > notAfter) return { status: 'late', now: at };
    const result = work(at);
    if (sweep !== undefined || at >= nextSweepAt) sweepSome(at);
    return result;
  }

  function sweepSome(at: number): void {
    if (sweep === undefined) {
      sweep = subjects.entries();
      nextSweepAt = at + SWEEP_INTERVAL_MS;
    }
    for (let step = 0; step < SWEEP_STEP; step += 1) {
      const { done, value } = sweep.next();
      if (done === true) {
        sweep = undefined;
        return;
      }
      if (prune(value[1], { at, records })) subjects.delete(value[0]);
    }
  }

  function replace(
    sid: string,
    at: number,
    change: (record: SessionRecord) => SessionRecord | undefined,
  ): ReplaceResult {
    const record = find(sid);
    if (record === undefined || isExpired(record, at)) return { status: 'absent', now: at };
    const next = change(record);
    if (next === undefined) return { status: 'conflict', record, now: at };
    put(next);
    return { status: 'replaced', now: at };
  }

  function put(record: SessionRecord): SessionRecord {
    putRecord(getOrCreate(tagOf(record.sid)), record, records);
    return record;
  }

  /** Removes a session, and remembers which operation did it. */
  function drop(
    subject: Subject,
    record: SessionRecord,
    { operation, at, isEvicted }: Pick<Tombstone, 'operation' | 'at' | 'isEvicted'>,
  ): void {
    const { sid, createdAt } = record;
    forgetRecord(subject, record, records);
    rememberRemoval(subject, sid, { operation, at, createdAt, isEvicted });
  }

  /** Marks the step that made a generation as one whose token was presented more than once. */
  function markReplayed(record: SessionRecord, generation: number | undefined): SessionRecord {
    const { auth, authVersion } = record;
    if (auth.generation !== generation || auth.replayed) return record;
    return put({ ...record, auth: { ...auth, replayed: true }, authVersion: authVersion + 1 });
  }

  function insert(
    record: SessionRecord,
    limit: SubjectLimit,
    { operation, replaces, provenAt }: InsertContext,
    at: number,
  ): InsertResult {
    const tag = tagOf(record.sid);
    const subject = getOrCreate(tag);
    const { revokedBefore, floor } = subject;
    if (records.has(record.sid)) {
      const evicted = [...(subject.tombstones ?? [])]
        .filter(([, tombstone]) => tombstone.isEvicted && tombstone.operation === operation)
        .map(([sid]) => sid);
      return { status: 'inserted', evicted, now: at };
    }
    const barrier = Math.max(revokedBefore, floor);
    const tombstone = subject.tombstones?.get(record.sid);
    if (record.createdAt <= barrier || tombstone !== undefined) {
      const known = tombstone?.createdAt ?? barrier;
      return { status: 'revoked', revokedBefore: Math.max(barrier, known), now: at };
    }
    if (provenAt !== undefined && provenAt <= revokedBefore) {
      return { status: 'revoked', revokedBefore, now: at };
    }
    // After the clock was set back, marks lie ahead of it: what is created right behind one is not from the future.
    if (record.createdAt > Math.max(at, barrier) + MAX_CLOCK_LEAD_MS) {
      return { status: 'revoked', revokedBefore: at - 1, now: at };
    }

    prune(subject, { at, records });
    const replaced = findOf(tag, replaces);
    const isCounted = replaced !== undefined && !isExpired(replaced, at);
    let excess = countLive(subject, at) - (isCounted ? 1 : 0) - limit.max + 1;
    if (excess > 0 && limit.onLimit === 'reject') return { status: 'limit', now: at };
    if (replaced !== undefined) drop(subject, replaced, { operation, at, isEvicted: false });
    const evicted: string[] = [];
    while (excess > 0) {
      const oldest = subject.byUse[0] as SessionRecord;
      if (isExpired(oldest, at)) {
        forgetRecord(subject, oldest, records);
        continue;
      }
      drop(subject, oldest, { operation, at, isEvicted: true });
      evicted.push(oldest.sid);
      excess -= 1;
    }
    putRecord(subject, record, records);
    subject.newest = Math.max(subject.newest, record.createdAt);
    return { status: 'inserted', evicted, now: at };
  }

  function remove(
    sid: string,
    { operation }: WriteContext,
    expected: number | undefined,
    at: number,
  ): RemoveResult {
    const subject = subjects.get(tagOf(sid));
    const record = find(sid);
    if (subject === undefined || record === undefined || isExpired(record, at)) {
      const isRepeated = subject?.tombstones?.get(sid)?.operation === operation;
      return { status: isRepeated === true ? 'removed' : 'absent', now: at };
    }
    if (expected !== undefined && record.authVersion !== expected) {
      return { status: 'conflict', record, now: at };
    }
    drop(subject, record, { operation, at, isEvicted: false });
    return { status: 'removed', now: at };
  }

  function removeAll(
    tag: string,
    except: string | undefined,
    { operation }: WriteContext,
    at: number,
  ): RemoveAllResult {
    const subject = getOrCreate(tag);
    const known = subject.revocations?.get(operation);
    if (known !== undefined) return { status: 'removed', count: known.count, now: at };
    const spared = findOf(tag, except);
    const isCounted = spared !== undefined && !isExpired(spared, at);
    const count = countLive(subject, at) - (isCounted ? 1 : 0);
    for (const { sid } of subject.byEnd) records.delete(sid);
    subject.byUse = [];
    subject.byEnd = [];
    if (spared !== undefined) put(spared);
    // Two milliseconds after the mark before, because a session may have been let in right behind that one.
    const { newest, revokedBefore } = subject;
    const behind = newest > revokedBefore ? Math.max(revokedBefore + 2, newest) : revokedBefore;
    subject.revokedBefore = Math.max(at, behind);
    subject.revokedAt = at;
    rememberRevocation(subject, operation, { at, count });
    return { status: 'removed', count, now: at };
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
        'sessions are in the memory of this process: a restart signs all users out, and other processes do not know them. Use redisStore() from @sess/redis in production',
      );
    },
    async load(sid) {
      return { record: find(sid), now: now() };
    },
    getCached: find,
    insert: (record, limit, context) => write(context, (at) => insert(record, limit, context, at)),
    replaceAuth: (sid, expected, auth, context, generation) =>
      write(context, (at) => {
        const { data } = context;
        const result = replace(sid, at, (record) => {
          const { authVersion, dataVersion } = record;
          if (authVersion === expected && (data === undefined || dataVersion === data.expected)) {
            const next = { ...record, auth, authVersion: expected + 1 };
            return data === undefined
              ? next
              : { ...next, data: data.part, dataVersion: dataVersion + 1 };
          }
          const isRepeated =
            authVersion === expected + 1 &&
            isSame(record.auth, auth) &&
            (data === undefined || isSame(record.data, data.part));
          return isRepeated ? record : undefined;
        });
        if (result.status !== 'conflict' || result.record.authVersion === expected) return result;
        return { ...result, record: markReplayed(result.record, generation) };
      }),
    replaceData: (sid, expected, data, context) =>
      write(context, (at) =>
        replace(sid, at, (record) => {
          if (record.dataVersion === expected)
            return { ...record, data, dataVersion: expected + 1 };
          const isRepeated = record.dataVersion === expected + 1 && isSame(record.data, data);
          return isRepeated ? record : undefined;
        }),
      ),
    remove: (sid, context, expected) => write(context, (at) => remove(sid, context, expected, at)),
    async list(tag) {
      const at = now();
      const kept = subjects.get(tag)?.byEnd ?? [];
      return {
        records: kept.filter((record) => !isExpired(record, at)).sort(compareByAge),
        now: at,
      };
    },
    removeAll: (tag, except, context) =>
      write(context, (at) => removeAll(tag, except, context, at)),
    async ready() {},
    // It holds memory only, and another engine may use the same store.
    async close() {},
  };
}

/** True if two parts are equal. Parts are built in one order of keys, so equal parts have equal text. */
function isSame(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
