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

/** The sessions of one subject, and what was removed lately. The records are in a map of the store, by sid. */
export interface Subject {
  /** By last use, least recent first: the order of eviction. */
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
export function putRecord(
  { byUse, byEnd }: Subject,
  record: SessionRecord,
  records: Map<string, SessionRecord>,
): void {
  const previous = records.get(record.sid);
  if (previous === record) return;
  records.set(record.sid, record);
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
  replaceSorted(subject.byUse, compareByUse, record);
  replaceSorted(subject.byEnd, compareByEnd, record);
}

/** Remembers which operation removed a session. */
export function rememberRemoval(subject: Subject, sid: string, tombstone: Tombstone): void {
  subject.tombstones ??= new Map();
  const { tombstones } = subject;
  tombstones.set(sid, tombstone);
  const [oldest] = tombstones.size > MAX_TOMBSTONES ? tombstones : [];
  if (oldest === undefined) return;
  tombstones.delete(oldest[0]);
  subject.floor = Math.max(subject.floor, oldest[1].createdAt);
}

/** Remembers the result of a `removeAll`. */
export function rememberRevocation(
  subject: Subject,
  operation: string,
  revocation: Revocation,
): void {
  subject.revocations ??= new Map();
  const { revocations } = subject;
  revocations.set(operation, revocation);
  const [oldest] = revocations.size > MAX_REVOCATIONS ? revocations.keys() : [];
  if (oldest !== undefined) revocations.delete(oldest);
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
  forgetOutdated(tombstones, at);
  forgetOutdated(revocations, at);
  return (
    byEnd.length + (tombstones?.size ?? 0) + (revocations?.size ?? 0) === 0 &&
    at >= subject.revokedAt + REVOCATION_TTL_MS
  );
}

/** Removes at most {@link PRUNE_STEP} entries that are no longer needed, oldest first. */
function forgetOutdated(
  entries: Map<string, { readonly at: number }> | undefined,
  now: number,
): void {
  if (entries === undefined || entries.size === 0) return;
  let step = 0;
  for (const [key, { at }] of entries) {
    if (step === PRUNE_STEP || now < at + TOMBSTONE_TTL_MS) return;
    entries.delete(key);
    step += 1;
  }
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
  // The ends are the usual places, and do without the array that `splice` returns.
  if (previous === list[0] && previous !== undefined) list.shift();
  else if (previous !== undefined) list.splice(indexOf(previous), 1);
  if (next === undefined) return;
  const last = list.at(-1);
  if (last === undefined || compare(last, next) < 0) list.push(next);
  else list.splice(indexOf(next), 0, next);
}
