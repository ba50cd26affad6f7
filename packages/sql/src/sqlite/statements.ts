import { MAX_CLOCK_LEAD_MS, REVOCATION_TTL_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import type { TableNames } from '../store/names.js';
import type { UserReference } from '../store/users.js';

/** A statement with plain `?`, and the index of the parameter that each of them takes. */
export interface Statement {
  readonly text: string;
  readonly order: readonly number[];
  /** Whether it returns rows. */
  readonly isQuery: boolean;
}

/** Every operation: a statement that reads, or a fixed list in which the program decides nothing between two. */
export interface Statements {
  readonly load: Statement;
  readonly read: Statement;
  readonly list: Statement;
  readonly insert: readonly Statement[];
  readonly replaceAuth: readonly Statement[];
  readonly replaceData: readonly Statement[];
  readonly remove: readonly Statement[];
  readonly removeAll: readonly Statement[];
  readonly sweep: readonly Statement[];
}

/** Epoch milliseconds. Within one statement SQLite keeps `now` still. */
export const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)";
/** Ended rows of a subject that one sign-in deletes at most. */
const MAX_ENDED = 500;

/**
 * Builds the statements. A write runs as one transaction; its first statement records what it decided in a row of the
 * mark table named after the operation, the others act on that row, and the last deletes it.
 */
export function createStatements(
  { session, subject, mark }: TableNames,
  users: UserReference | undefined,
): Statements {
  const inRange = (tag: string): string => `sid >= ${tag} AND sid < ${tag} || '~'`;
  const memo = (operation: string) => ({
    did: (answer: string): string =>
      `EXISTS (SELECT 1 FROM ${mark} WHERE id = ${operation} || ':do' AND answer = '${answer}')`,
    at: `(SELECT at FROM ${mark} WHERE id = ${operation} || ':do')`,
    drop: `DELETE FROM ${mark} WHERE id = ${operation} || ':do'`,
  });
  const oneSession = (columns: string): string =>
    `SELECT ${NOW} AS now, ${columns} s.* FROM (SELECT 1) LEFT JOIN ${session} s ON s.sid = ?1`;

  // 1 sid, 2 tag, 3 createdAt, 4 expiresAt, 5 usedAt, 6 sweepAt, 7 generation, 8 replayed, 9 authVersion,
  // 10 dataVersion, 11 auth, 12 data, 13 max, 14 reject, 15 operation, 16 notAfter, 17 replaces, 18 provenAt, 19 user or null
  const insert = memo('?15');
  const others = `${inRange('?2')} AND sid IS NOT ?17`;
  // The tag where room has to be made. Else null, so that no row is read: SQLite evaluates a condition for each of a range.
  const fullTag = `(SELECT ?2 WHERE ${insert.did('full')})`;
  const othersIfFull = `${inRange(fullTag)} AND sid IS NOT ?17`;
  const isInserted = `(${insert.did('full')} OR ${insert.did('free')})`;

  // 1 sid, 2 expected, 3 auth, 4 expiresAt, 5 usedAt, 6 sweepAt, 7 generation, 8 replayed, 9 notAfter, 10 markReplayed,
  // 11 expected version of the data or null, 12 data or null
  const isMyAuth =
    'auth_version = ?2 + 1 AND auth = ?3 AND expires_at = ?4 AND generation = ?7 AND replayed = ?8 AND coalesce(data = ?12, 1)';

  // 1 tag, 2 except or null, 3 operation, 4 notAfter, 5 sweepAt
  const removeAll = memo('?3');
  const removed = `${inRange('?1')} AND sid IS NOT ?2`;

  const reads = {
    load: toStatement(oneSession('')),
    read: toStatement(`SELECT * FROM ${session} WHERE sid = ?1`),
    list: toStatement(
      `SELECT n.now, s.* FROM (SELECT ${NOW} AS now) n LEFT JOIN ${session} s ON s.sid >= ?1 AND s.sid < ?1 || '~' AND s.expires_at > n.now`,
    ),
  };
  const writes = {
    insert: [
      `INSERT INTO ${subject} (tag, revoked_before, upper, sweep_at) VALUES (?2, -1, 0, ?6)
        ON CONFLICT (tag) DO UPDATE SET sweep_at = max(sweep_at, excluded.sweep_at)`,
      `INSERT OR REPLACE INTO ${mark} (id, at, answer) SELECT ?15 || ':do', now, CASE
          WHEN now > ?16 THEN 'late'
          WHEN EXISTS (SELECT 1 FROM ${session} WHERE sid = ?1) THEN 'repeated'
          WHEN ?3 <= b.revoked_before
            OR ?18 <= b.revoked_before
            OR EXISTS (SELECT 1 FROM ${mark} WHERE id = ?1 AND at > now - ${TOMBSTONE_TTL_MS}) THEN 'revoked'
          WHEN ?3 > max(now, b.revoked_before) + ${MAX_CLOCK_LEAD_MS} THEN 'ahead'
          WHEN b.upper < ?13 THEN 'free'
          WHEN ?14 AND (SELECT count(*) FROM ${session} WHERE ${others} AND expires_at > now) >= ?13 THEN 'limit'
          ELSE 'full' END
        FROM (SELECT ${NOW} AS now), ${subject} b WHERE b.tag = ?2`,
      `DELETE FROM ${session} WHERE sid IN (
        SELECT sid FROM ${session} WHERE ${othersIfFull} AND expires_at <= ${insert.at} LIMIT ${MAX_ENDED})`,
      `INSERT OR REPLACE INTO ${mark} (id, at, answer)
        SELECT sid, ${insert.at}, ?15 FROM ${session}
        WHERE ${othersIfFull} AND expires_at > ${insert.at} ORDER BY used_at, sid
        LIMIT max(0, (SELECT count(*) FROM ${session} WHERE ${othersIfFull} AND expires_at > ${insert.at}) - ?13 + 1)`,
      // CROSS JOIN keeps the order: beginning with the marks would read those of all earlier removals.
      `INSERT OR REPLACE INTO ${mark} (id, at, answer)
        SELECT ?15, ${insert.at}, group_concat(sid) FROM (
          SELECT s.sid FROM ${session} s CROSS JOIN ${mark} m ON m.id = s.sid AND m.answer = ?15
          WHERE s.sid >= ${fullTag} AND s.sid < ${fullTag} || '~' ORDER BY s.used_at, s.sid)
        HAVING count(*) > 0`,
      `DELETE FROM ${session} WHERE ${inRange(fullTag)}
        AND sid IN (SELECT id FROM ${mark} m WHERE m.id = sid AND m.answer = ?15)`,
      `INSERT OR REPLACE INTO ${mark} (id, at, answer)
        SELECT sid, ${insert.at}, ?15 FROM ${session} WHERE sid = ?17 AND ${inRange('?2')} AND ${isInserted}`,
      `DELETE FROM ${session} WHERE sid = ?17 AND ${inRange('?2')} AND ${isInserted}`,
      `INSERT INTO ${session} (sid, created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data${users === undefined ? '' : ', user_id'})
        SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12${users === undefined ? '' : ', ?19'} WHERE ${isInserted}`,
      `UPDATE ${subject} SET upper = CASE WHEN ${insert.did('free')} THEN upper + 1
          ELSE (SELECT count(*) FROM ${session} WHERE ${inRange('?2')}) END
        WHERE tag = ?2 AND ${isInserted}`,
      `SELECT m.answer AS status, m.at AS now,
          max(b.revoked_before, coalesce((SELECT at FROM ${mark} WHERE id = ?1), -1)) AS revoked_before,
          (SELECT answer FROM ${mark} WHERE id = ?15) AS evicted
        FROM ${mark} m, ${subject} b WHERE m.id = ?15 || ':do' AND b.tag = ?2`,
      insert.drop,
    ],
    replaceAuth: [
      `UPDATE ${session} SET auth = ?3, expires_at = ?4, used_at = ?5, sweep_at = ?6, generation = ?7, replayed = ?8, auth_version = ?2 + 1,
          data = coalesce(?12, data), data_version = data_version + (?12 IS NOT NULL)
        WHERE sid = ?1 AND auth_version = ?2 AND coalesce(data_version = ?11, 1) AND expires_at > ${NOW} AND ${NOW} <= ?9 RETURNING ${NOW} AS now`,
      `UPDATE ${session} SET replayed = 1, auth_version = auth_version + 1
        WHERE sid = ?1 AND generation = ?10 AND replayed = 0 AND changes() = 0 AND expires_at > ${NOW} AND ${NOW} <= ?9
          AND auth_version <> ?2 AND NOT (${isMyAuth})`,
      oneSession(`${isMyAuth} AS is_mine,`),
    ],
    // 1 sid, 2 expected, 3 data, 4 notAfter
    replaceData: [
      `UPDATE ${session} SET data = ?3, data_version = ?2 + 1
        WHERE sid = ?1 AND data_version = ?2 AND expires_at > ${NOW} AND ${NOW} <= ?4 RETURNING ${NOW} AS now`,
      oneSession('data_version = ?2 + 1 AND data = ?3 AS is_mine,'),
    ],
    // 1 sid, 2 operation, 3 notAfter, 4 expected or null
    remove: [
      `INSERT OR REPLACE INTO ${mark} (id, at, answer)
        SELECT sid, ${NOW}, ?2 FROM ${session}
        WHERE sid = ?1 AND (?4 IS NULL OR auth_version = ?4) AND expires_at > ${NOW} AND ${NOW} <= ?3 RETURNING at AS now`,
      `DELETE FROM ${session} WHERE sid = ?1 AND EXISTS (SELECT 1 FROM ${mark} WHERE id = ?1 AND answer = ?2)`,
      oneSession(`(SELECT answer FROM ${mark} WHERE id = ?1) AS mark,`),
    ],
    removeAll: [
      `INSERT INTO ${mark} (id, at, answer)
        SELECT ?3, now, (SELECT count(*) FROM ${session} WHERE ${removed} AND expires_at > now)
        FROM (SELECT ${NOW} AS now) WHERE now <= ?4 ON CONFLICT (id) DO NOTHING RETURNING at AS now`,
      `INSERT INTO ${mark} (id, at, answer) SELECT ?3 || ':do', at, '' FROM ${mark} WHERE id = ?3 AND changes() = 1`,
      `INSERT INTO ${subject} (tag, revoked_before, upper, sweep_at)
        SELECT ?1, max(at, coalesce((SELECT max(created_at) FROM ${session} WHERE ${removed}), 0)), 0, ?5
        FROM ${mark} WHERE id = ?3 || ':do'
        ON CONFLICT (tag) DO UPDATE SET revoked_before = max(excluded.revoked_before, revoked_before),
          upper = CASE WHEN ?2 IS NULL THEN 0 ELSE 1 END`,
      `DELETE FROM ${session} WHERE ${removed} AND ${removeAll.did('')}`,
      removeAll.drop,
      `SELECT ${NOW} AS now, (SELECT answer FROM ${mark} WHERE id = ?3) AS count`,
    ],
    // 1 how many
    sweep: [
      `DELETE FROM ${mark} WHERE id IN (SELECT id FROM ${mark} WHERE at <= ${NOW} - ${TOMBSTONE_TTL_MS} ORDER BY at LIMIT ?1)`,
      `DELETE FROM ${session} WHERE sid IN (
        SELECT sid FROM ${session} WHERE sweep_at <= ${NOW} AND expires_at <= ${NOW} - ${TOMBSTONE_TTL_MS} ORDER BY sweep_at LIMIT ?1)`,
      `UPDATE ${subject} SET sweep_at = coalesce((SELECT max(s.sweep_at) FROM ${session} s WHERE s.sid >= tag AND s.sid < tag || '~'), -1)
        WHERE tag IN (SELECT tag FROM ${subject}
          WHERE sweep_at <= ${NOW} - ${TOMBSTONE_TTL_MS} AND revoked_before <= ${NOW} - ${REVOCATION_TTL_MS} ORDER BY sweep_at LIMIT ?1)`,
      `DELETE FROM ${subject} WHERE sweep_at = -1`,
    ],
  } satisfies Record<Exclude<keyof Statements, keyof typeof reads>, readonly string[]>;
  const compiled = Object.entries(writes).map(([name, texts]) => [name, texts.map(toStatement)]);
  return { ...reads, ...(Object.fromEntries(compiled) as Omit<Statements, keyof typeof reads>) };
}

/**
 * Returns a statement with plain `?` for a text with `?n`, since some drivers refuse numbered parameters that are used
 * twice or not at all. A plain `?` takes the values in order.
 */
export function toStatement(text: string): Statement {
  const order: number[] = [];
  const plain = text.replace(/\s+/g, ' ').replace(/\?(\d+)/g, (_match, index: string) => {
    order.push(Number(index) - 1);
    return '?';
  });
  return { text: plain, order, isQuery: /^SELECT|RETURNING/.test(plain) };
}
