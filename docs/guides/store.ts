import {
  compareByAge,
  isExpired,
  type LateResult,
  MAX_CLOCK_LEAD_MS,
  type ReplaceResult,
  type SessionRecord,
  type SessionStore,
  type WriteContext,
} from '@sess/core/store';

/** A row for each subject: its sessions, and what was removed in the last minute. */
export interface Row {
  readonly live: Map<string, SessionRecord>;
  /** By sid, or by the operation of a removeAll. */
  readonly removed: Map<string, { operation: string; at: number; count: number }>;
  revokedBefore: number;
}

/** Your database: loads and locks the row, runs `work` with the time of the server, saves the row. */
export interface Database {
  transaction<Result>(tag: string, work: (row: Row, now: number) => Result): Promise<Result>;
}

const tagOf = (sid: string): string => sid.slice(0, 16);
const liveOf = (row: Row, now: number): SessionRecord[] =>
  [...row.live.values()].filter((record) => !isExpired(record, now)).sort(compareByAge);

export function createStore(db: Database): SessionStore {
  const write = <R>(tag: string, { notAfter }: WriteContext, work: (row: Row, now: number) => R) =>
    db.transaction(tag, (row, now): R | LateResult =>
      now > notAfter ? { status: 'late', now } : work(row, now),
    );

  function replace<Part extends 'auth' | 'data'>(
    part: Part,
    sid: string,
    expected: number,
    value: SessionRecord[Part],
    context: WriteContext,
    markReplayed?: number,
  ): Promise<ReplaceResult> {
    return write(tagOf(sid), context, (row, now): ReplaceResult => {
      const record = row.live.get(sid);
      if (record === undefined || isExpired(record, now)) return { status: 'absent', now };
      const version = record[`${part}Version`];
      if (version === expected) {
        row.live.set(sid, { ...record, [part]: value, [`${part}Version`]: expected + 1 });
        return { status: 'replaced', now };
      }
      const isRepeated = JSON.stringify(record[part]) === JSON.stringify(value);
      if (version === expected + 1 && isRepeated) return { status: 'replaced', now };
      if (record.auth.generation !== markReplayed || record.auth.replayed)
        return { status: 'conflict', record, now };
      const auth = { ...record.auth, replayed: true };
      const marked = { ...record, auth, authVersion: record.authVersion + 1 };
      row.live.set(sid, marked);
      return { status: 'conflict', record: marked, now };
    });
  }

  function drop(row: Row, sid: string, operation: string, at: number): void {
    row.live.delete(sid);
    row.removed.set(sid, { operation, at, count: 1 });
  }

  return {
    timeout: 1_000,
    load: (sid) => db.transaction(tagOf(sid), (row, now) => ({ record: row.live.get(sid), now })),
    insert: (record, { max, onLimit }, context) =>
      write(tagOf(record.sid), context, (row, now) => {
        if (row.live.has(record.sid)) {
          const ended = [...row.removed].filter(([, by]) => by.operation === context.operation);
          return { status: 'inserted', evicted: ended.map(([sid]) => sid), now };
        }
        const removal = row.removed.get(record.sid);
        if (record.createdAt <= row.revokedBefore || removal !== undefined) {
          const revokedBefore = Math.max(row.revokedBefore, removal?.at ?? row.revokedBefore);
          return { status: 'revoked', revokedBefore, now };
        }
        if (record.createdAt > now + MAX_CLOCK_LEAD_MS)
          return { status: 'revoked', revokedBefore: now - 1, now };
        const live = liveOf(row, now);
        if (live.length >= max && onLimit === 'reject') return { status: 'limit', now };
        const evicted = live.slice(0, Math.max(0, live.length - max + 1)).map(({ sid }) => sid);
        for (const sid of evicted) drop(row, sid, context.operation, now);
        row.live.set(record.sid, record);
        return { status: 'inserted', evicted, now };
      }),
    replaceAuth: (sid, expected, auth, context, markReplayed) =>
      replace('auth', sid, expected, auth, context, markReplayed),
    replaceData: (sid, expected, data, context) => replace('data', sid, expected, data, context),
    remove: (sid, context, expected) =>
      write(tagOf(sid), context, (row, now) => {
        const record = row.live.get(sid);
        if (record === undefined || isExpired(record, now)) {
          const isRepeated = row.removed.get(sid)?.operation === context.operation;
          return { status: isRepeated ? 'removed' : 'absent', now };
        }
        if (expected !== undefined && record.authVersion !== expected)
          return { status: 'conflict', record, now };
        drop(row, sid, context.operation, now);
        return { status: 'removed', now };
      }),
    list: (tag) => db.transaction(tag, (row, now) => ({ records: liveOf(row, now), now })),
    removeAll: (tag, except, context) =>
      write(tag, context, (row, now) => {
        const before = row.removed.get(context.operation);
        if (before !== undefined) return { status: 'removed', count: before.count, now };
        const ended = liveOf(row, now).filter(({ sid }) => sid !== except);
        for (const { sid } of ended) row.live.delete(sid);
        row.revokedBefore = Math.max(now, row.revokedBefore + 2);
        row.removed.set(context.operation, { operation: '', at: now, count: ended.length });
        return { status: 'removed', count: ended.length, now };
      }),
    ready: () => db.transaction('ready', () => undefined),
    close: async () => {},
  };
}
