import { MAX_CLOCK_LEAD_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import type { Row, WriteResults, WriteValues } from '../store/dialect.js';
import type { TableNames } from '../store/names.js';
import type { UserReference } from '../store/users.js';
import type { Query } from './port.js';
import { NOW } from './schema.js';

/** Ended rows of a subject that one sign-in deletes at most. */
const MAX_ENDED = 500;

/** Every write, within a transaction. */
export type Writes = {
  readonly [Name in keyof WriteValues]: (
    query: Query,
    values: WriteValues[Name],
  ) => Promise<WriteResults[Name]>;
};

/** Reads the time, after the lock: a wait counts against the deadline of a write. */
export async function timeOf(query: Query): Promise<number> {
  return Number((await query(`SELECT ${NOW} AS now`))[0]?.['now']);
}

/** Locks the subject's row and returns it; creates it if there is none. */
export async function lockSubject(
  query: Query,
  subject: string,
  tag: string,
): Promise<{ readonly revokedBefore: number; readonly upper: number }> {
  const select = `SELECT revoked_before, upper FROM ${subject} WHERE tag = ? FOR UPDATE`;
  let [row] = await query(select, [tag]);
  if (row === undefined) {
    await query(
      `INSERT INTO ${subject} (tag, revoked_before, upper, sweep_at) VALUES (?, -1, 0, 0) ON DUPLICATE KEY UPDATE upper = upper`,
      [tag],
    );
    [row] = await query(select, [tag]);
  }
  return { revokedBefore: Number(row?.['revoked_before']), upper: Number(row?.['upper']) };
}

/** Creates the writes of a store. */
export function createWrites(
  { session, subject, mark }: TableNames,
  users: UserReference | undefined,
): Writes {
  const putMark = (query: Query, id: string, at: number, answer: string) =>
    query(
      `INSERT INTO ${mark} (id, at, answer) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at), answer = VALUES(answer)`,
      [id, at, answer],
    );

  async function readMark(query: Query, id: string): Promise<Row | undefined> {
    return (await query(`SELECT at, answer FROM ${mark} WHERE id = ?`, [id]))[0];
  }

  async function isStored(query: Query, sid: string): Promise<boolean> {
    return (await query(`SELECT sid FROM ${session} WHERE sid = ?`, [sid])).length > 0;
  }

  /** Deletes sessions, and remembers which operation did it. */
  async function removeMarked(
    query: Query,
    given: { readonly sids: readonly string[]; readonly at: number; readonly operation: string },
  ): Promise<void> {
    for (const sid of given.sids) {
      await query(`DELETE FROM ${session} WHERE sid = ?`, [sid]);
      await putMark(query, sid, given.at, given.operation);
    }
  }

  /** Locks a session, then reads the time. The status is `undefined` for one that is live. */
  async function lockSession(query: Query, sid: string, notAfter: number) {
    const [row] = await query(`SELECT * FROM ${session} WHERE sid = ? FOR UPDATE`, [sid]);
    const now = await timeOf(query);
    const isLive = row !== undefined && now < Number(row['expires_at']);
    const status = now > notAfter ? 'late' : isLive ? undefined : 'absent';
    return { status, now, row };
  }

  /** Makes room for one more session. Returns the live ones that are left, and those that went. */
  async function makeRoom(
    query: Query,
    given: { readonly values: WriteValues['insert']; readonly now: number },
  ): Promise<{ readonly isFull: boolean; readonly left: number; readonly evicted: string[] }> {
    const { values, now } = given;
    const { 1: tag, 12: max, 13: isReject, 14: operation, 16: replaces } = values;
    const rows = await query(
      `SELECT sid, expires_at FROM ${session} WHERE sid >= ? AND sid < ? ORDER BY used_at, sid`,
      [tag, `${tag}~`],
    );
    const others = rows.filter((row) => row['sid'] !== replaces);
    const isLive = (row: Row): boolean => Number(row['expires_at']) > now;
    const live = others.filter(isLive).map((row) => String(row['sid']));
    if (isReject && live.length >= max) return { isFull: true, left: live.length, evicted: [] };
    for (const row of others.filter((one) => !isLive(one)).slice(0, MAX_ENDED)) {
      await query(`DELETE FROM ${session} WHERE sid = ?`, [String(row['sid'])]);
    }
    const evicted = live.slice(0, Math.max(0, live.length - max + 1));
    await removeMarked(query, { sids: evicted, at: now, operation });
    if (evicted.length > 0) await putMark(query, operation, now, evicted.join(','));
    return { isFull: false, left: live.length - evicted.length, evicted };
  }

  return {
    async insert(query, values) {
      const [sid, tag, createdAt, , , sweepAt, , , , , , , max] = values;
      const { 14: operation, 15: notAfter, 16: replaces, 17: provenAt, 18: user } = values;
      const { revokedBefore, upper } = await lockSubject(query, subject, tag);
      const now = await timeOf(query);
      const outcome = { now, revokedBefore, evicted: null };
      if (now > notAfter) return { ...outcome, status: 'late' };
      if (await isStored(query, sid)) {
        const answer = (await readMark(query, operation))?.['answer'];
        return { ...outcome, status: 'repeated', evicted: answer ? String(answer) : null };
      }
      const removedAt = Number((await readMark(query, sid))?.['at'] ?? Number.NEGATIVE_INFINITY);
      const isRemoved = removedAt > now - TOMBSTONE_TTL_MS;
      const isProofOld = provenAt !== null && provenAt <= revokedBefore;
      if (isRemoved || createdAt <= revokedBefore || isProofOld) {
        const latest = isRemoved ? Math.max(revokedBefore, removedAt) : revokedBefore;
        return { ...outcome, status: 'revoked', revokedBefore: latest };
      }
      if (createdAt > Math.max(now, revokedBefore) + MAX_CLOCK_LEAD_MS) {
        return { ...outcome, status: 'ahead' };
      }
      const room =
        upper < max
          ? { isFull: false, left: upper, evicted: [] }
          : await makeRoom(query, { values, now });
      if (room.isFull) return { ...outcome, status: 'limit' };
      if (replaces?.startsWith(tag) === true && (await isStored(query, replaces))) {
        await removeMarked(query, { sids: [replaces], at: now, operation });
      }
      const [, , ...columns] = values.slice(0, 12);
      await query(
        `INSERT INTO ${session} (sid, created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data${users === undefined ? '' : ', user_id'}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?${users === undefined ? '' : ', ?'})`,
        [sid, ...columns, ...(users === undefined ? [] : [user])],
      );
      await query(
        `UPDATE ${subject} SET upper = ?, sweep_at = GREATEST(sweep_at, ?) WHERE tag = ?`,
        [room.left + 1, sweepAt, tag],
      );
      return { ...outcome, status: 'inserted', evicted: room.evicted.join(',') };
    },

    async replaceAuth(query, values) {
      const [sid, expected, auth, expiresAt, usedAt, sweepAt, generation, replayed] = values;
      const { 8: notAfter, 9: markReplayed, 10: dataExpected, 11: data } = values;
      const { status, now, row } = await lockSession(query, sid, notAfter);
      if (status !== undefined || row === undefined) {
        return { status: status ?? 'absent', now, row };
      }
      const version = Number(row['auth_version']);
      const hasDataChanged = dataExpected !== null && Number(row['data_version']) !== dataExpected;
      if (version === expected) {
        if (hasDataChanged) return { status: 'conflict', now, row };
        const columns = [auth, expiresAt, usedAt, sweepAt, generation, replayed, expected + 1];
        const more = data === null ? '' : ', data = ?, data_version = data_version + 1';
        await query(
          `UPDATE ${session} SET auth = ?, expires_at = ?, used_at = ?, sweep_at = ?, generation = ?, replayed = ?, auth_version = ?${more} WHERE sid = ?`,
          [...columns, ...(data === null ? [] : [data]), sid],
        );
        return { status: 'replaced', now, row };
      }
      const isReplayed = Boolean(row['replayed']);
      const isRepeated =
        version === expected + 1 &&
        row['auth'] === auth &&
        Number(row['expires_at']) === expiresAt &&
        isReplayed === replayed &&
        (data === null || row['data'] === data);
      if (isRepeated) return { status: 'repeated', now, row };
      if (Number(row['generation']) !== markReplayed || isReplayed) {
        return { status: 'conflict', now, row };
      }
      await query(`UPDATE ${session} SET replayed = TRUE, auth_version = ? WHERE sid = ?`, [
        version + 1,
        sid,
      ]);
      return { status: 'share', now, row };
    },

    async replaceData(query, [sid, expected, data, notAfter]) {
      const { status, now, row } = await lockSession(query, sid, notAfter);
      if (status !== undefined || row === undefined) {
        return { status: status ?? 'absent', now, row };
      }
      const version = Number(row['data_version']);
      if (version === expected) {
        const text = `UPDATE ${session} SET data = ?, data_version = ? WHERE sid = ?`;
        await query(text, [data, expected + 1, sid]);
        return { status: 'replaced', now, row };
      }
      const isRepeated = version === expected + 1 && row['data'] === data;
      return { status: isRepeated ? 'repeated' : 'conflict', now, row };
    },

    async remove(query, [sid, operation, notAfter, expected]) {
      const { status, now, row } = await lockSession(query, sid, notAfter);
      if (status === 'absent') {
        const isRepeated = (await readMark(query, sid))?.['answer'] === operation;
        return { status: isRepeated ? 'repeated' : 'absent', now, row };
      }
      if (status !== undefined) return { status, now, row };
      if (expected !== null && Number(row?.['auth_version']) !== expected) {
        return { status: 'conflict', now, row };
      }
      await removeMarked(query, { sids: [sid], at: now, operation });
      return { status: 'removed', now, row };
    },

    async removeAll(query, [tag, except, operation, notAfter, sweepAt, cutoff]) {
      const { revokedBefore, upper } = await lockSubject(query, subject, tag);
      const now = await timeOf(query);
      if (now > notAfter) return { status: 'late', now };
      const before = await readMark(query, operation);
      if (before !== undefined) return { status: 'removed', count: Number(before['answer']), now };
      const range = 'sid >= ? AND sid < ? AND sid <> ? AND created_at <= ?';
      const latest = cutoff ?? Number.MAX_SAFE_INTEGER;
      const bounds = [tag, `${tag}~`, except ?? '', latest];
      const [totals] = await query(
        `SELECT COALESCE(SUM(expires_at > ?), 0) AS count, MAX(created_at) AS newest FROM ${session} WHERE ${range}`,
        [now, ...bounds],
      );
      await query(`DELETE FROM ${session} WHERE ${range}`, bounds);
      const count = Number(totals?.['count']);
      await putMark(query, operation, now, String(count));
      const newest = Math.max(cutoff ?? now, revokedBefore, Number(totals?.['newest'] ?? 0));
      await query(
        `UPDATE ${subject} SET revoked_before = ?, upper = ?, sweep_at = GREATEST(sweep_at, ?) WHERE tag = ?`,
        [newest, cutoff === null ? Number(except !== null) : upper, sweepAt, tag],
      );
      return { status: 'removed', count, now };
    },
  };
}
