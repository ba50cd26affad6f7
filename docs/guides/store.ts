import {
  compareByAge,
  isExpired,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  type ReplaceAuthContext,
  type ReplaceResult,
  type SessionRecord,
  type SessionStore,
  type WriteContext,
} from '@sess/core/store';

/** A row for each subject: its sessions, and what was removed lately. */
export interface Row {
  readonly live: Map<string, SessionRecord>;
  /** Removed sessions by sid, and the results of removeAll by operation. */
  readonly removed: Map<string, Removal>;
  /** The mark of the newest removeAll: records created up to it are refused. */
  revokedBefore: number;
  /** The newest createdAt of all records since then. */
  newest: number;
}

interface Removal {
  readonly operation: string;
  readonly at: number;
  readonly createdAt: number;
  /** 'ended' for a session, or the number of sessions that a removeAll ended. */
  readonly result: 'ended' | 'evicted' | number;
}

/** Your database: loads and locks the row, runs `work` with the time of the server, saves the row. */
export interface Database {
  transaction<Result>(tag: string, work: (row: Row, now: number) => Result): Promise<Result>;
}

const tagOf = (sid: string): string => sid.slice(0, 16);
const listLive = (row: Row, now: number): SessionRecord[] =>
  [...row.live.values()].filter((record) => !isExpired(record, now)).sort(compareByAge);

/** The order of eviction: the session that was not used for the longest time first. */
function compareByUse(left: SessionRecord, right: SessionRecord): number {
  return left.auth.lastUsedAt - right.auth.lastUsedAt || (left.sid < right.sid ? -1 : 1);
}

/** Removes a session and remembers the operation. */
function drop(row: Row, record: SessionRecord, removal: Omit<Removal, 'createdAt'>): void {
  row.live.delete(record.sid);
  row.removed.set(record.sid, { ...removal, createdAt: record.createdAt });
}

export function createStore(db: Database): SessionStore {
  const write = <R>(tag: string, { notAfter }: WriteContext, work: (row: Row, now: number) => R) =>
    db.transaction(tag, (row, now): R | LateResult =>
      now > notAfter ? { status: 'late', now } : work(row, now),
    );

  function replace<Part extends 'auth' | 'data'>(
    change: { part: Part; sid: string; expected: number; value: SessionRecord[Part] },
    context: ReplaceAuthContext,
    markReplayed?: number,
  ): Promise<ReplaceResult> {
    const { part, sid, expected, value } = change;
    return write(tagOf(sid), context, (row, now): ReplaceResult => {
      const record = row.live.get(sid);
      if (record === undefined || isExpired(record, now)) return { status: 'absent', now };
      const version = record[`${part}Version`];
      const { data } = context;
      if (version === expected) {
        if (data !== undefined && data.expected !== record.dataVersion)
          return { status: 'conflict', record, now };
        const next = { ...record, [part]: value, [`${part}Version`]: expected + 1 };
        const more = data && { data: data.part, dataVersion: data.expected + 1 };
        row.live.set(sid, { ...next, ...more });
        return { status: 'replaced', now };
      }
      const isRepeated =
        JSON.stringify(record[part]) === JSON.stringify(value) &&
        (data === undefined || JSON.stringify(record.data) === JSON.stringify(data.part));
      if (version === expected + 1 && isRepeated) return { status: 'replaced', now };
      if (record.auth.generation !== markReplayed || record.auth.replayed)
        return { status: 'conflict', record, now };
      const auth = { ...record.auth, replayed: true };
      const marked = { ...record, auth, authVersion: record.authVersion + 1 };
      row.live.set(sid, marked);
      return { status: 'conflict', record: marked, now };
    });
  }

  return {
    timeout: 1_000,
    load: (sid) => db.transaction(tagOf(sid), (row, now) => ({ record: row.live.get(sid), now })),
    insert: (record, { max, onLimit }, context) =>
      write(tagOf(record.sid), context, (row, now) => {
        const { operation, replaces, provenAt } = context;
        const { live, removed, revokedBefore } = row;
        if (live.has(record.sid)) {
          const evicted = [...removed]
            .filter(([, by]) => by.operation === operation && by.result === 'evicted')
            .map(([sid]) => sid);
          return { status: 'inserted', evicted, now };
        }
        const removal = removed.get(record.sid);
        if (record.createdAt <= revokedBefore || removal !== undefined) {
          const known = Math.max(revokedBefore, removal?.createdAt ?? revokedBefore);
          return { status: 'revoked', revokedBefore: known, now };
        }
        if (provenAt !== undefined && provenAt <= revokedBefore)
          return { status: 'revoked', revokedBefore, now };
        if (record.createdAt > Math.max(now, revokedBefore) + MAX_CLOCK_LEAD_MS)
          return { status: 'revoked', revokedBefore: now - 1, now };

        const others = listLive(row, now).filter(({ sid }) => sid !== replaces);
        if (others.length >= max && onLimit === 'reject') return { status: 'limit', now };
        const replaced = replaces === undefined ? undefined : live.get(replaces);
        if (replaced !== undefined) drop(row, replaced, { operation, at: now, result: 'ended' });
        const evicted = others.sort(compareByUse).slice(0, Math.max(0, others.length - max + 1));
        for (const old of evicted) drop(row, old, { operation, at: now, result: 'evicted' });
        live.set(record.sid, record);
        row.newest = Math.max(row.newest, record.createdAt);
        return { status: 'inserted', evicted: evicted.map(({ sid }) => sid), now };
      }),
    replaceAuth: (sid, expected, value, context, markReplayed) =>
      replace({ part: 'auth', sid, expected, value }, context, markReplayed),
    replaceData: (sid, expected, value, context) =>
      replace({ part: 'data', sid, expected, value }, context),
    remove: (sid, context, expected) =>
      write(tagOf(sid), context, (row, now) => {
        const { operation } = context;
        const record = row.live.get(sid);
        if (record === undefined || isExpired(record, now)) {
          const isRepeated = row.removed.get(sid)?.operation === operation;
          return { status: isRepeated ? 'removed' : 'absent', now };
        }
        if (expected !== undefined && record.authVersion !== expected)
          return { status: 'conflict', record, now };
        drop(row, record, { operation, at: now, result: 'ended' });
        return { status: 'removed', now };
      }),
    list: (tag) => db.transaction(tag, (row, now) => ({ records: listLive(row, now), now })),
    removeAll: (tag, except, context) =>
      write(tag, context, (row, now) => {
        const { operation } = context;
        const known = row.removed.get(operation)?.result;
        if (typeof known === 'number') return { status: 'removed', count: known, now };
        const ended = listLive(row, now).filter(({ sid }) => sid !== except);
        for (const { sid } of ended) row.live.delete(sid);
        const { newest, revokedBefore } = row;
        const behind = newest > revokedBefore ? Math.max(revokedBefore + 2, newest) : revokedBefore;
        row.revokedBefore = Math.max(now, behind);
        row.removed.set(operation, { operation, at: now, createdAt: 0, result: ended.length });
        return { status: 'removed', count: ended.length, now };
      }),
    ready: () => db.transaction('ready', () => undefined),
    close: async () => {},
  };
}
