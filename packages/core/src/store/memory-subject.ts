import type { SessionRecord } from './record.js';
import { REVOCATION_TTL_MS, TOMBSTONE_TTL_MS } from './store.js';

/** How long an expired session is kept, so that its tokens read `expired` and not `unknown`. */
const KEPT_AFTER_END_MS = 60_000;
/** Entries of one subject that are forgotten in one piece. */
const PRUNE_STEP = 16;
/** Removed sessions that are remembered by name. Older ones are covered by `Subject.floor`. */
const MAX_TOMBSTONES = 256;
/** Calls of `removeAll` whose result is remembered, for a call that arrives twice. */
const MAX_REVOCATIONS = 64;

/** A removed session. */
export interface Tombstone {
  readonly operation: string;
  readonly at: number;
  readonly createdAt: number;
  readonly isEvicted: boolean;
}

/** The result of a `removeAll`. */
interface Revocation {
  readonly at: number;
  readonly count: number;
}

/** The sessions of one subject, and what was removed lately. */
export interface Subject {
  live: Map<string, SessionRecord>;
  /** The same by last use, least recent first: the order of eviction. */
  byUse: SessionRecord[];
  /** The same by end, earliest first: counts what is alive without looking at all of it. */
  byEnd: SessionRecord[];
  /** By sid, oldest first. Created with the first removal: most subjects have none. */
  tombstones: Map<string, Tombstone> | undefined;
  /** Results of `removeAll` by operation, oldest first. Created with the first one. */
  revocations: Map<string, Revocation> | undefined;
  /** The mark of the newest `removeAll`: records created up to it are refused. */
  revokedBefore: number;
  /** When that mark was set. */
  revokedAt: number;
  /** Records created up to it are refused: a session of that age was removed, and is no longer known by name. */
  floor: number;
  /** The newest `createdAt` of all records since the last `removeAll`. */
  newest: number;
}

/** Creates a subject without sessions. */
export function createSubject(): Subject {
  return {
    live: new Map(),
    byUse: [],
    byEnd: [],
    tombstones: undefined,
    revocations: undefined,
    revokedBefore: Number.NEGATIVE_INFINITY,
    revokedAt: Number.NEGATIVE_INFINITY,
    floor: Number.NEGATIVE_INFINITY,
    newest: Number.NEGATIVE_INFINITY,
  };
}

/** Returns how many sessions have not expired. */
export function countLive({ byEnd }: Subject, at: number): number {
  return byEnd.length - findIndex(byEnd, (record) => record.auth.expiresAt > at);
}

/** Adds a session, or replaces an earlier state of it. */
export function putRecord({ live, byUse, byEnd }: Subject, record: SessionRecord): void {
  const previous = live.get(record.sid);
  if (previous === record) return;
  live.set(record.sid, record);
  replaceSorted(byUse, compareByUse, previous, record);
  replaceSorted(byEnd, compareByEnd, previous, record);
}

/** Removes a session without a trace: its end or a `removeAll` refuses it from now on. */
export function forgetRecord(
  subject: Subject,
  record: SessionRecord,
  records: Map<string, SessionRecord>,
): void {
  records.delete(record.sid);
  subject.live.delete(record.sid);
  replaceSorted(subject.byUse, compareByUse, record);
  replaceSorted(subject.byEnd, compareByEnd, record);
}

/** Remembers which operation removed a session. */
export function rememberRemoval(subject: Subject, sid: string, tombstone: Tombstone): void {
  subject.tombstones ??= new Map();
  const { tombstones } = subject;
  remember(tombstones, sid, tombstone);
  if (tombstones.size <= MAX_TOMBSTONES) return;
  const forgotten = forgetFirst(tombstones);
  if (forgotten !== undefined) subject.floor = Math.max(subject.floor, forgotten.createdAt);
}

/** Remembers the result of a `removeAll`. */
export function rememberRevocation(
  subject: Subject,
  operation: string,
  revocation: Revocation,
): void {
  subject.revocations ??= new Map();
  const { revocations } = subject;
  remember(revocations, operation, revocation);
  if (revocations.size > MAX_REVOCATIONS) forgetFirst(revocations);
}

/** Forgets a bounded piece of what has expired. True if nothing is left of the subject. */
export function prune(
  subject: Subject,
  { at, records }: { readonly at: number; readonly records: Map<string, SessionRecord> },
): boolean {
  const { byEnd, tombstones, revocations } = subject;
  for (let step = 0; step < PRUNE_STEP; step += 1) {
    const record = byEnd[0];
    if (record === undefined || at < record.auth.expiresAt + KEPT_AFTER_END_MS) break;
    forgetRecord(subject, record, records);
  }
  pruneMarks(tombstones, at);
  pruneMarks(revocations, at);
  return (
    byEnd.length + (tombstones?.size ?? 0) + (revocations?.size ?? 0) === 0 &&
    at >= subject.revokedAt + REVOCATION_TTL_MS
  );
}

function pruneMarks(marks: Map<string, { readonly at: number }> | undefined, at: number): void {
  // Each write looks at eight subjects, and nearly all have no marks.
  if (marks === undefined || marks.size === 0) return;
  for (let step = 0; step < PRUNE_STEP; step += 1) {
    const [first] = marks;
    if (first === undefined || at < first[1].at + TOMBSTONE_TTL_MS) break;
    marks.delete(first[0]);
  }
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
