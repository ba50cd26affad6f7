import { createHash } from 'node:crypto';
import { MAX_CLOCK_LEAD_MS, REVOCATION_TTL_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import type { TableNames } from '../store/names.js';
import type { UserReference } from '../store/users.js';
import { NOW, NOW_ONCE } from './schema.js';

/** A statement with the name under which a connection prepares it. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** How many values it takes. */
  readonly parameters: number;
}

/** Every statement of the store, for one set of table names. */
export interface Statements {
  readonly load: Statement;
  readonly read: Statement;
  readonly readMany: Statement;
  readonly list: Statement;
  readonly lock: Statement;
  readonly insert: Statement;
  readonly replaceAuth: Statement;
  readonly replaceData: Statement;
  readonly remove: Statement;
  readonly removeAll: Statement;
  readonly sweepMarks: Statement;
  readonly sweepSessions: Statement;
  readonly sweepSubjects: Statement;
}

/** Up to 2^53 a float8 is exact, and clients return it as a number where they return a bigint as text. */
const COLUMNS =
  's.sid, s.created_at::float8, s.expires_at::float8, s.generation::float8, s.replayed, s.auth_version::float8, s.data_version::float8, s.auth, s.data';

/** Sessions of a subject that are read at a time. */
const PAGE = 16;

/**
 * Builds the statements. Each is one round trip in autocommit. Writes lock a row first and read the clock in a CTE
 * that depends on the lock: time spent waiting for it counts against `notAfter`.
 */
export function createStatements(
  { session, subject, mark }: TableNames,
  users: UserReference | undefined,
): Statements {
  const inRange = (tag: string, alias = 's'): string =>
    `${alias}.sid >= ${tag} AND ${alias}.sid < ${tag} || '~'`;

  /*
   * The subject's row, locked, and created if there is none. The snapshot of a statement is older than its lock: if
   * another write came between, `seq` differs and `is_stale` asks for a repetition; nothing has been written then.
   */
  const lockedSubject = (given: {
    readonly tag: string;
    readonly revokedBefore: string;
    readonly upper: string;
    readonly sweepAt: string;
    readonly notAfter: string;
  }): string => `
    was AS MATERIALIZED (SELECT seq FROM ${subject} WHERE tag = ${given.tag}),
    held AS MATERIALIZED (SELECT seq, revoked_before, upper FROM ${subject} WHERE tag = ${given.tag} FOR UPDATE),
    made AS (
      INSERT INTO ${subject} (tag, seq, revoked_before, upper, sweep_at)
      SELECT ${given.tag}, 1, ${given.revokedBefore}, ${given.upper}, ${given.sweepAt}
      WHERE NOT EXISTS (SELECT FROM held) AND ${NOW} <= ${given.notAfter}
      ON CONFLICT (tag) DO NOTHING RETURNING revoked_before),
    meta AS MATERIALIZED (
      SELECT ${NOW} AS now, h.seq, coalesce(h.revoked_before, -1) AS revoked_before, coalesce(h.upper, 0) AS upper,
        m.revoked_before AS made_revoked_before, h.seq IS NOT NULL AS is_old,
        (h.seq IS NULL AND m.revoked_before IS NULL) OR h.seq <> (SELECT seq FROM was) AS is_stale
      FROM (SELECT 1) one LEFT JOIN held h ON true LEFT JOIN made m ON true)`;

  /** The session, locked, and the time after that. */
  const lockedSession = `
    held AS MATERIALIZED (SELECT s.*, true AS is_here FROM ${session} s WHERE sid = $1 FOR UPDATE),
    clock AS MATERIALIZED (SELECT h.*, ${NOW} AS now FROM (SELECT 1) one LEFT JOIN held h ON true)`;

  /*
   * Some sessions of the subject of an insert. For a whole range with any bounds, the planner expects a share of the
   * table: on a large one it would plan every sign-in for its own bounds, which takes longer than the sign-in, or compile
   * it. A page costs as much in any table, and for any bounds.
   */
  const pageOfSubject = (after: string, given: string): string => `
    SELECT ${given}.tag, array_agg(s.sid) AS sids, array_agg(s.used_at) AS used, array_agg(s.expires_at) AS ends FROM (
      SELECT s.sid, s.used_at, s.expires_at FROM ${session} s
      WHERE ${after} AND s.sid < ${given}.tag || '~' ORDER BY s.sid LIMIT ${PAGE}) s`;

  const texts = {
    load: `SELECT ${NOW}::float8 AS now, ${COLUMNS} FROM (SELECT 1) one LEFT JOIN ${session} s ON s.sid = $1`,
    read: `SELECT ${COLUMNS} FROM ${session} s WHERE s.sid = $1`,
    readMany: `SELECT ${COLUMNS} FROM ${session} s WHERE s.sid = ANY($1::text[])`,
    list: `SELECT n.now::float8 AS now, ${COLUMNS} FROM (SELECT ${NOW} AS now) n
      LEFT JOIN ${session} s ON ${inRange('$1')} AND s.expires_at > n.now`,
    lock: `INSERT INTO ${subject} AS s (tag, seq, revoked_before, upper, sweep_at) VALUES ($1, 0, -1, 0, 0)
      ON CONFLICT (tag) DO UPDATE SET seq = s.seq`,

    // Rows are deleted by an array, here and in sweeps, so that the index finds them: beside a join the planner may read
    // the whole table. From the range it expects few of them.
    // 1 sid, 2 tag, 3 createdAt, 4 expiresAt, 5 usedAt, 6 sweepAt, 7 generation, 8 replayed, 9 authVersion,
    // 10 dataVersion, 11 auth, 12 data, 13 max, 14 reject, 15 operation, 16 notAfter, 17 replaces, 18 provenAt, 19 user or null
    insert: `WITH RECURSIVE ${lockedSubject({ tag: '$2', revokedBefore: '-1', upper: '1', sweepAt: '$6::bigint', notAfter: '$16::bigint' })},
    v AS MATERIALIZED (
      SELECT meta.*, $2::text AS tag, k.at AS marked, CASE
        WHEN now > $16::bigint THEN 'late'
        WHEN is_stale THEN 'again'
        WHEN EXISTS (SELECT FROM ${session} WHERE sid = $1) THEN 'repeated'
        WHEN k.at IS NOT NULL OR $3::bigint <= revoked_before
          OR $18::bigint <= revoked_before THEN 'revoked'
        WHEN $3::bigint > greatest(now, revoked_before) + ${MAX_CLOCK_LEAD_MS} THEN 'ahead'
        ELSE 'free' END AS verdict
      FROM meta LEFT JOIN ${mark} k ON k.id = $1 AND k.at > now - ${TOMBSTONE_TTL_MS}),
    pages AS (
      SELECT p.* FROM v CROSS JOIN LATERAL (${pageOfSubject('s.sid >= v.tag', 'v')}) p
      WHERE v.verdict = 'free' AND v.upper >= $13::bigint
      UNION ALL
      SELECT p.* FROM pages q CROSS JOIN LATERAL (${pageOfSubject(`s.sid > q.sids[${PAGE}]`, 'q')}) p
      WHERE q.sids[${PAGE}] IS NOT NULL),
    mine AS MATERIALIZED (
      SELECT m.*, m.expires_at > v.now AS is_live
      FROM v, pages p, unnest(p.sids, p.used, p.ends) AS m (sid, used_at, expires_at)
      WHERE m.sid IS DISTINCT FROM $17::text),
    f AS MATERIALIZED (
      SELECT v.*, n.live, CASE WHEN verdict <> 'free' THEN verdict
        WHEN $14::boolean AND n.live >= $13::bigint THEN 'limit' ELSE 'inserted' END AS status
      FROM v, (SELECT count(*) FILTER (WHERE is_live) AS live FROM mine) n),
    oldest AS MATERIALIZED (
      SELECT sid, used_at FROM mine WHERE is_live AND (SELECT status FROM f) = 'inserted'
      ORDER BY used_at, sid LIMIT (SELECT greatest(0, live - $13::bigint + 1) FROM f)),
    evicted AS (
      DELETE FROM ${session} s WHERE s.sid = ANY(ARRAY(SELECT sid FROM oldest)) AND ${inRange('$2')}
      RETURNING s.sid, s.used_at),
    superseded AS (
      DELETE FROM ${session} s USING f WHERE f.status = 'inserted' AND s.sid = $17::text AND ${inRange('$2')}
      RETURNING s.sid),
    ended AS (
      DELETE FROM ${session} s WHERE s.sid = ANY(ARRAY(
        SELECT e.sid FROM ${session} e WHERE e.sid = ANY(ARRAY(SELECT sid FROM mine WHERE NOT is_live))
        AND ${inRange('$2', 'e')} AND e.expires_at <= (SELECT now FROM f) LIMIT 500 FOR UPDATE SKIP LOCKED))
        AND ${inRange('$2')}),
    names AS MATERIALIZED (SELECT string_agg(sid, ',' ORDER BY used_at, sid) AS sids FROM evicted),
    marked AS (
      INSERT INTO ${mark} (id, at, answer)
      SELECT e.sid, f.now, $15::text FROM evicted e, f
      UNION ALL SELECT p.sid, f.now, $15::text FROM superseded p, f
      UNION ALL SELECT $15::text, f.now, names.sids FROM names, f WHERE names.sids IS NOT NULL
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, answer = excluded.answer),
    added AS (
      INSERT INTO ${session} (sid, created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data${users === undefined ? '' : ', user_id'})
      SELECT $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12${users === undefined ? '' : `, CAST($19::text AS ${users.type})`} FROM f WHERE status = 'inserted'),
    kept AS (
      UPDATE ${subject} s SET seq = f.seq + 1, sweep_at = greatest(s.sweep_at, $6::bigint),
        upper = CASE WHEN f.upper < $13::bigint THEN f.upper WHEN status = 'limit' THEN f.live
          ELSE least(f.live, $13::bigint - 1) END + CASE status WHEN 'inserted' THEN 1 ELSE 0 END
      FROM f WHERE s.tag = $2 AND f.is_old AND f.status IN ('inserted', 'limit'))
    SELECT f.status, f.now::float8 AS now, greatest(f.revoked_before, f.marked)::float8 AS revoked_before,
      CASE f.status WHEN 'repeated' THEN (SELECT answer FROM ${mark} WHERE id = $15) ELSE names.sids END AS evicted
    FROM f, names`,

    // 1 sid, 2 expected, 3 auth, 4 expiresAt, 5 usedAt, 6 sweepAt, 7 generation, 8 replayed, 9 notAfter, 10 markReplayed,
    // 11 expected version of the data or null, 12 data or null
    replaceAuth: `WITH ${lockedSession},
    v AS MATERIALIZED (
      SELECT *, CASE WHEN now > $9::bigint THEN 'late'
        WHEN is_here IS NULL OR now >= expires_at THEN 'absent'
        WHEN auth_version = $2::bigint AND coalesce(data_version = $11::bigint, true) THEN 'replaced'
        WHEN auth_version = $2::bigint + 1 AND auth = $3 AND expires_at = $4::bigint AND replayed = $8::boolean
          AND coalesce(data = $12::text, true) THEN 'repeated'
        WHEN auth_version <> $2::bigint AND generation = $10::bigint AND NOT replayed THEN 'share'
        ELSE 'conflict' END AS status FROM clock),
    put AS (
      UPDATE ${session} s SET auth_version = v.auth_version + 1,
        auth = CASE v.status WHEN 'share' THEN s.auth ELSE $3 END,
        expires_at = CASE v.status WHEN 'share' THEN s.expires_at ELSE $4::bigint END,
        used_at = CASE v.status WHEN 'share' THEN s.used_at ELSE $5::bigint END,
        sweep_at = CASE v.status WHEN 'share' THEN s.sweep_at ELSE $6::bigint END,
        generation = CASE v.status WHEN 'share' THEN s.generation ELSE $7::bigint END,
        replayed = CASE v.status WHEN 'share' THEN true ELSE $8::boolean END,
        data = CASE v.status WHEN 'share' THEN s.data ELSE coalesce($12::text, s.data) END,
        data_version = CASE WHEN v.status = 'share' OR $12::text IS NULL THEN s.data_version ELSE s.data_version + 1 END
      FROM v WHERE s.sid = v.sid AND v.status IN ('replaced', 'share'))
    SELECT s.status, s.now::float8 AS now, ${COLUMNS} FROM v s`,

    // 1 sid, 2 expected, 3 data, 4 notAfter
    replaceData: `WITH ${lockedSession},
    v AS MATERIALIZED (
      SELECT *, CASE WHEN now > $4::bigint THEN 'late'
        WHEN is_here IS NULL OR now >= expires_at THEN 'absent'
        WHEN data_version = $2::bigint THEN 'replaced'
        WHEN data_version = $2::bigint + 1 AND data = $3 THEN 'repeated'
        ELSE 'conflict' END AS status FROM clock),
    put AS (
      UPDATE ${session} s SET data = $3, data_version = v.data_version + 1
      FROM v WHERE s.sid = v.sid AND v.status = 'replaced')
    SELECT s.status, s.now::float8 AS now, ${COLUMNS} FROM v s`,

    // 1 sid, 2 operation, 3 notAfter, 4 expected or null
    remove: `WITH ${lockedSession},
    v AS MATERIALIZED (
      SELECT *, CASE WHEN now > $3::bigint THEN 'late'
        WHEN is_here IS NULL AND EXISTS (SELECT FROM ${session} WHERE sid = $1) THEN 'again'
        WHEN is_here IS NULL OR now >= expires_at THEN
          CASE WHEN EXISTS (SELECT FROM ${mark} WHERE id = $1 AND answer = $2) THEN 'repeated' ELSE 'absent' END
        WHEN auth_version <> $4::bigint THEN 'conflict'
        ELSE 'removed' END AS status FROM clock),
    gone AS (DELETE FROM ${session} s USING v WHERE s.sid = v.sid AND v.status = 'removed'),
    marked AS (
      INSERT INTO ${mark} (id, at, answer) SELECT $1, v.now, $2 FROM v WHERE v.status = 'removed'
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, answer = excluded.answer)
    SELECT s.status, s.now::float8 AS now, ${COLUMNS} FROM v s`,

    // 1 tag, 2 except or null, 3 operation, 4 notAfter, 5 sweepAt, 6 cutoff or null
    removeAll: `WITH ${lockedSubject({ tag: '$1', revokedBefore: `coalesce($6::bigint, ${NOW})`, upper: '0', sweepAt: '$5::bigint', notAfter: '$4::bigint' })},
    f AS MATERIALIZED (
      SELECT meta.*, k.answer, coalesce(made_revoked_before, greatest(coalesce($6::bigint, now), revoked_before)) AS new_revoked_before, CASE
        WHEN now > $4::bigint AND made_revoked_before IS NULL THEN 'late'
        WHEN is_stale THEN 'again'
        WHEN k.answer IS NOT NULL THEN 'repeated'
        ELSE 'removed' END AS status
      FROM meta LEFT JOIN ${mark} k ON k.id = $3),
    gone AS (
      DELETE FROM ${session} s USING f
      WHERE f.status = 'removed' AND ${inRange('$1')} AND s.sid IS DISTINCT FROM $2
        AND ($6::bigint IS NULL OR s.created_at <= $6::bigint)
      RETURNING s.expires_at > f.now AS was_live, s.created_at),
    n AS MATERIALIZED (SELECT count(*) FILTER (WHERE was_live) AS count, max(created_at) AS newest FROM gone),
    marked AS (
      INSERT INTO ${mark} (id, at, answer) SELECT $3, f.now, n.count::text FROM f, n WHERE f.status = 'removed'
      ON CONFLICT (id) DO NOTHING),
    kept AS (
      UPDATE ${subject} s SET seq = f.seq + 1, revoked_before = greatest(f.new_revoked_before, n.newest),
        upper = CASE WHEN $6::bigint IS NOT NULL THEN s.upper WHEN $2::text IS NULL THEN 0 ELSE 1 END
      FROM f, n WHERE s.tag = $1 AND f.is_old AND f.status = 'removed')
    SELECT f.status, f.now::float8 AS now, coalesce(f.answer::bigint, n.count)::float8 AS count FROM f, n`,

    // 1 how many
    sweepMarks: `DELETE FROM ${mark} m WHERE m.id = ANY(ARRAY(
        SELECT id FROM ${mark} WHERE at <= ${NOW_ONCE} - ${TOMBSTONE_TTL_MS} ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED))
      AND m.at <= ${NOW_ONCE} - ${TOMBSTONE_TTL_MS}`,
    sweepSessions: `DELETE FROM ${session} s WHERE s.sid = ANY(ARRAY(
        SELECT sid FROM ${session} WHERE sweep_at <= ${NOW_ONCE} AND expires_at <= ${NOW_ONCE} - ${TOMBSTONE_TTL_MS}
        ORDER BY sweep_at LIMIT $1 FOR UPDATE SKIP LOCKED))`,
    // A subject with sessions is looked at again when the first of them have ended. Without the limit, the planner would
    // seek the newest of a subject from the end of the index on `sweep_at`, past the sessions of all others.
    sweepSubjects: `WITH old AS MATERIALIZED (
        SELECT tag, seq FROM ${subject} WHERE sweep_at <= ${NOW_ONCE} - ${TOMBSTONE_TTL_MS} ORDER BY sweep_at LIMIT $1
        FOR UPDATE SKIP LOCKED),
      seen AS MATERIALIZED (
        SELECT o.tag, o.seq, (SELECT max(l.sweep_at) FROM (
          SELECT s.sweep_at FROM ${session} s WHERE ${inRange('o.tag')} ORDER BY s.sid LIMIT ${PAGE}) l) AS latest
        FROM old o WHERE o.seq = (SELECT w.seq FROM ${subject} w WHERE w.tag = o.tag)),
      gone AS (
        DELETE FROM ${subject} s USING seen
        WHERE s.tag = seen.tag AND seen.latest IS NULL AND s.revoked_before <= ${NOW_ONCE} - ${REVOCATION_TTL_MS} RETURNING 1)
      UPDATE ${subject} s SET sweep_at = greatest(seen.latest, ${NOW} + ${TOMBSTONE_TTL_MS}) FROM seen
      WHERE s.tag = seen.tag AND (seen.latest IS NOT NULL OR s.revoked_before > ${NOW} - ${REVOCATION_TTL_MS})`,
  } satisfies Record<keyof Statements, string>;

  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, toStatement(text)]),
  ) as unknown as Statements;
}

/** Named by its text: two versions of this package on one connection must not share a name. */
export function toStatement(text: string): Statement {
  const dense = text.replace(/\s+/g, ' ').trim();
  const digest = createHash('sha256').update(dense).digest('base64url').slice(0, 16);
  const parameters = Math.max(0, ...[...dense.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  return { name: `sess_${digest}`, text: dense, parameters };
}
