import { tagOf } from '../token/session-id.js';
import { type Clock, isProduction, systemClock } from '../util/clock.js';
import { compareByAge, isExpired, type SessionRecord } from './record.js';
import {
  type InsertContext,
  type InsertResult,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  REVOCATION_TTL_MS,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceResult,
  type SessionStore,
  type SubjectLimit,
  TOMBSTONE_TTL_MS,
  type WriteContext,
} from './store.js';

/** How long an expired session is kept, so that its tokens read `expired` and not `unknown`. */
const KEPT_AFTER_END_MS = 60_000;
/** Subjects that each write checks for what has run out. More than one, so that sweeping outruns sign-ins. */
const SWEEP_STEP = 8;
/** Entries of one subject that are forgotten in one piece. */
const PRUNE_STEP = 16;
/** Removed sessions that are remembered by name. Older ones are covered by `Subject.floor`. */
const MAX_TOMBSTONES = 256;
/** Calls of `removeAll` whose result is remembered, for a call that arrives twice. */
const MAX_REVOCATIONS = 64;

interface Tombstone {
  readonly operation: string;
  readonly at: number;
  readonly createdAt: number;
  readonly isEvicted: boolean;
}

/** One subject's sessions, and what was removed lately. */
interface Subject {
  live: Map<string, SessionRecord>;
  /** The same by last use, least recent first: the order of eviction. */
  byUse: SessionRecord[];
  /** The same by end, earliest first: counts what is alive without looking at all of it. */
  byEnd: SessionRecord[];
  /** By sid, oldest first. */
  readonly tombstones: Map<string, Tombstone>;
  /** Results of `removeAll` by operation, oldest first. */
  readonly revocations: Map<string, { readonly at: number; readonly count: number }>;
  /** The mark of the newest `removeAll`: records created up to it are refused. */
  revokedBefore: number;
  /** When that mark was set. */
  revokedAt: number;
  /** Records created up to it are refused: a session of that age was removed, and is no longer known by name. */
  floor: number;
  /** The newest `createdAt` of all records since the last `removeAll`. */
  newest: number;
}

/**
 * Creates a store in this process's memory: the default, for development, tests and a single process that may forget
 * all sessions when it restarts. Expired sessions are removed in small pieces by later writes, without a timer.
 *
 * @param options.clock the store's time; default: the clock of the first engine that uses the store
 */
export function memoryStore(options: { readonly clock?: Clock } = {}): SessionStore {
  const records = new Map<string, SessionRecord>();
  const subjects = new Map<string, Subject>();
  let sweep = subjects.entries();
  let clock = options.clock;
  let hasWarned = false;

  const now = (): number => Math.floor((clock ?? systemClock).now());
  // Verifications look sessions up by their sid alone.
  const find = (sid: string): SessionRecord | undefined => records.get(sid);

  function getOrCreate(tag: string): Subject {
    const subject = subjects.get(tag) ?? createSubject();
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
    for (let step = 0; step < SWEEP_STEP; step += 1) {
      const { done, value } = sweep.next();
      if (done === true) {
        sweep = subjects.entries();
        break;
      }
      if (prune(value[1], { at, records })) subjects.delete(value[0]);
    }
    return result;
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
    const subject = getOrCreate(tagOf(record.sid));
    const previous = subject.live.get(record.sid);
    if (previous === record) return record;
    subject.live.set(record.sid, record);
    records.set(record.sid, record);
    replaceSorted(subject.byUse, compareByUse, previous, record);
    replaceSorted(subject.byEnd, compareByEnd, previous, record);
    return record;
  }

  /** Removes a session, and remembers which operation did it. */
  function drop(record: SessionRecord, removal: Omit<Tombstone, 'createdAt'>): void {
    const subject = getOrCreate(tagOf(record.sid));
    const { tombstones } = subject;
    forget(subject, record, records);
    remember(tombstones, record.sid, { ...removal, createdAt: record.createdAt });
    if (tombstones.size <= MAX_TOMBSTONES) return;
    const forgotten = forgetFirst(tombstones);
    if (forgotten !== undefined) subject.floor = Math.max(subject.floor, forgotten.createdAt);
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
    const subject = getOrCreate(tagOf(record.sid));
    const { revokedBefore, floor, tombstones } = subject;
    if (subject.live.has(record.sid)) {
      const evicted = [...tombstones]
        .filter(([, tombstone]) => tombstone.isEvicted && tombstone.operation === operation)
        .map(([sid]) => sid);
      return { status: 'inserted', evicted, now: at };
    }
    const barrier = Math.max(revokedBefore, floor);
    if (record.createdAt <= barrier || tombstones.has(record.sid)) {
      const known = tombstones.get(record.sid)?.createdAt ?? barrier;
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
    const replaced = replaces === undefined ? undefined : subject.live.get(replaces);
    const isCounted = replaced !== undefined && !isExpired(replaced, at);
    let excess = countLive(subject, at) - (isCounted ? 1 : 0) - limit.max + 1;
    if (excess > 0 && limit.onLimit === 'reject') return { status: 'limit', now: at };
    if (replaced !== undefined) drop(replaced, { operation, at, isEvicted: false });
    const evicted: string[] = [];
    while (excess > 0) {
      const oldest = subject.byUse[0] as SessionRecord;
      if (isExpired(oldest, at)) {
        forget(subject, oldest, records);
        continue;
      }
      drop(oldest, { operation, at, isEvicted: true });
      evicted.push(oldest.sid);
      excess -= 1;
    }
    put(record);
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
    const record = subject?.live.get(sid);
    if (subject === undefined || record === undefined || isExpired(record, at)) {
      const isRepeated = subject?.tombstones.get(sid)?.operation === operation;
      return { status: isRepeated ? 'removed' : 'absent', now: at };
    }
    if (expected !== undefined && record.authVersion !== expected) {
      return { status: 'conflict', record, now: at };
    }
    drop(record, { operation, at, isEvicted: false });
    return { status: 'removed', now: at };
  }

  function removeAll(
    tag: string,
    except: string | undefined,
    { operation }: WriteContext,
    at: number,
  ): RemoveAllResult {
    const subject = getOrCreate(tag);
    const known = subject.revocations.get(operation);
    if (known !== undefined) return { status: 'removed', count: known.count, now: at };
    const spared = except === undefined ? undefined : subject.live.get(except);
    const isCounted = spared !== undefined && !isExpired(spared, at);
    const count = countLive(subject, at) - (isCounted ? 1 : 0);
    for (const sid of subject.live.keys()) records.delete(sid);
    subject.live = new Map();
    subject.byUse = [];
    subject.byEnd = [];
    if (spared !== undefined) put(spared);
    // Two milliseconds after the mark before, because a session may have been let in right behind that one.
    const { newest, revokedBefore } = subject;
    const behind = newest > revokedBefore ? Math.max(revokedBefore + 2, newest) : revokedBefore;
    subject.revokedBefore = Math.max(at, behind);
    subject.revokedAt = at;
    remember(subject.revocations, operation, { at, count });
    if (subject.revocations.size > MAX_REVOCATIONS) forgetFirst(subject.revocations);
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
      const records = [...(subjects.get(tag)?.live.values() ?? [])];
      return {
        records: records.filter((record) => !isExpired(record, at)).sort(compareByAge),
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

function createSubject(): Subject {
  return {
    live: new Map(),
    byUse: [],
    byEnd: [],
    tombstones: new Map(),
    revocations: new Map(),
    revokedBefore: Number.NEGATIVE_INFINITY,
    revokedAt: Number.NEGATIVE_INFINITY,
    floor: Number.NEGATIVE_INFINITY,
    newest: Number.NEGATIVE_INFINITY,
  };
}

function countLive({ byEnd }: Subject, at: number): number {
  return byEnd.length - findIndex(byEnd, (record) => record.auth.expiresAt > at);
}

/** Removes a session without a trace: its end or a `removeAll` refuses it from now on. */
function forget(
  subject: Subject,
  record: SessionRecord,
  records: Map<string, SessionRecord>,
): void {
  records.delete(record.sid);
  subject.live.delete(record.sid);
  replaceSorted(subject.byUse, compareByUse, record);
  replaceSorted(subject.byEnd, compareByEnd, record);
}

/** Forgets a bounded piece of what has run out. True if nothing is left of the subject. */
function prune(
  subject: Subject,
  { at, records }: { readonly at: number; readonly records: Map<string, SessionRecord> },
): boolean {
  const { byEnd, tombstones, revocations } = subject;
  for (let step = 0; step < PRUNE_STEP; step += 1) {
    const [record] = byEnd;
    if (record === undefined || at < record.auth.expiresAt + KEPT_AFTER_END_MS) break;
    forget(subject, record, records);
  }
  for (const marks of [tombstones, revocations] as Map<string, { readonly at: number }>[]) {
    for (let step = 0; step < PRUNE_STEP; step += 1) {
      const [first] = marks;
      if (first === undefined || at < first[1].at + TOMBSTONE_TTL_MS) break;
      marks.delete(first[0]);
    }
  }
  return (
    byEnd.length + tombstones.size + revocations.size === 0 &&
    at >= subject.revokedAt + REVOCATION_TTL_MS
  );
}

/** Sets an entry as the newest: a map keeps the order in which keys were first added. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

function forgetFirst<Value>(map: Map<string, Value>): Value | undefined {
  const [first] = map;
  if (first === undefined) return undefined;
  map.delete(first[0]);
  return first[1];
}

function compareByUse(left: SessionRecord, right: SessionRecord): number {
  return left.auth.lastUsedAt - right.auth.lastUsedAt || compareText(left.sid, right.sid);
}

function compareByEnd(left: SessionRecord, right: SessionRecord): number {
  return left.auth.expiresAt - right.auth.expiresAt || compareText(left.sid, right.sid);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Returns the place of the first element for which `isBehind` is true, in a list where all later ones are so too. */
function findIndex<Item>(list: readonly Item[], isBehind: (item: Item) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(list[middle] as Item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Takes one record out of a sorted list and puts another one in; either may be absent. */
function replaceSorted(
  list: SessionRecord[],
  compare: (left: SessionRecord, right: SessionRecord) => number,
  previous: SessionRecord | undefined,
  next?: SessionRecord,
): void {
  const indexOf = (record: SessionRecord): number =>
    findIndex(list, (other) => compare(other, record) >= 0);
  if (previous !== undefined && next !== undefined && compare(previous, next) === 0) {
    list[indexOf(previous)] = next;
    return;
  }
  if (previous !== undefined) list.splice(indexOf(previous), 1);
  if (next !== undefined) list.splice(indexOf(next), 0, next);
}

/** True if two parts are equal. Parts are built in one order of keys, so equal parts have equal text. */
function isSame(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
