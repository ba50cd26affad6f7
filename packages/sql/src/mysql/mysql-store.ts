import {
  compareByAge,
  type InsertContext,
  type InsertResult,
  MAX_CLOCK_LEAD_MS,
  REVOCATION_TTL_MS,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceResult,
  type SessionRecord,
  type SessionStore,
  TOMBSTONE_TTL_MS,
  type WriteContext,
} from '@sess/core/store';
import { createTableNames } from '../store/names.js';
import { resolveOptions, type SqlStoreOptions } from '../store/options.js';
import { authColumns, encodeData, recordOf, type SessionRow } from '../store/rows.js';
import { createSubjectQueue } from '../store/subject-queue.js';
import { createSweeper } from '../store/sweeper.js';
import { isConflict, redactError } from './errors.js';
import { createMysqlPort, type MysqlClient, type Query, type Row, type Value } from './port.js';
import { createStatements as createTables, NOW, SCHEMA_VERSION } from './schema.js';

const TAG_LENGTH = 16;
const MAX_ATTEMPTS = 5;
const MAX_ENDED = 500;
const SWEEP_SIZE = 1_000;
/** How long the row of a subject that has no session stays after a revoke-all, beyond the write's deadline. */
const SUBJECT_TTL_MS = 120_000;

export type MysqlStoreOptions = SqlStoreOptions;

/** A session store on MySQL or MariaDB tables. */
export interface MysqlStore extends SessionStore {
  /** Creates the tables that are missing; a no-op if they exist. */
  migrate(): Promise<void>;
  /** Deletes up to 1,000 ended rows of each kind: for schedulers. */
  sweep(): Promise<void>;
}

/**
 * Creates a session store on MySQL 8 or MariaDB 10.5 and later. A write is one READ COMMITTED transaction that locks its
 * row first and reads the time after that; verification is one read by primary key.
 *
 * @param client a pool of `mysql2/promise`, or a port. It stays the caller's
 * @throws {UsageError} `invalid_option`
 */
export function mysqlStore(client: MysqlClient, options: MysqlStoreOptions = {}): MysqlStore {
  const { table, timeout, sweepInterval } = resolveOptions('mysqlStore', options);
  const names = createTableNames({ table, quote: '`' });
  const { session, subject, mark } = names;
  const port = createMysqlPort(client);
  const queue = createSubjectQueue();
  const sweeper = createSweeper({ intervalMs: sweepInterval, sweep });

  /** Runs a write; again after a deadlock, of which nothing was written. */
  async function write<Result>(
    name: string,
    work: (query: Query) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await port.transaction(work);
        sweeper.afterWrite();
        return result;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isConflict(error)) throw redactError(error, name);
      }
    }
  }

  async function read(
    name: string,
    text: string,
    values: readonly Value[],
  ): Promise<readonly Row[]> {
    try {
      return await port.query(text, values);
    } catch (error) {
      throw redactError(error, name);
    }
  }

  /** The subject's row, locked; created if there is none. */
  async function lockSubject(
    query: Query,
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

  async function putMark(query: Query, id: string, at: number, answer: string): Promise<void> {
    await query(
      `INSERT INTO ${mark} (id, at, answer) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at), answer = VALUES(answer)`,
      [id, at, answer],
    );
  }

  async function readMark(query: Query, id: string): Promise<Row | undefined> {
    return (await query(`SELECT at, answer FROM ${mark} WHERE id = ?`, [id]))[0];
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

  async function insert(
    query: Query,
    record: SessionRecord,
    limit: Parameters<SessionStore['insert']>[1],
    context: InsertContext,
  ): Promise<InsertResult> {
    const { sid, createdAt, auth } = record;
    const { operation, replaces, provenAt } = context;
    const tag = sid.slice(0, TAG_LENGTH);
    const { revokedBefore, upper } = await lockSubject(query, tag);
    const now = await timeOf(query);
    if (now > context.notAfter) return { status: 'late', now };
    const [existing] = await query(`SELECT sid FROM ${session} WHERE sid = ?`, [sid]);
    if (existing !== undefined) {
      const answer = (await readMark(query, operation))?.['answer'];
      return { status: 'inserted', evicted: answer ? String(answer).split(',') : [], now };
    }
    const removal = await readMark(query, sid);
    const isRemoved = removal !== undefined && Number(removal['at']) > now - TOMBSTONE_TTL_MS;
    const isRevoked = createdAt <= revokedBefore;
    if (isRemoved || isRevoked || (provenAt !== undefined && provenAt <= revokedBefore)) {
      const at = isRemoved ? Number(removal['at']) : revokedBefore;
      return { status: 'revoked', revokedBefore: Math.max(revokedBefore, at), now };
    }
    if (createdAt > Math.max(now, revokedBefore) + MAX_CLOCK_LEAD_MS)
      return { status: 'revoked', revokedBefore: now - 1, now };

    let bound = upper;
    const evicted: string[] = [];
    if (upper >= limit.max) {
      const rows = await query(
        `SELECT sid, expires_at FROM ${session} WHERE sid >= ? AND sid < ? ORDER BY used_at, sid`,
        [tag, `${tag}~`],
      );
      const others = rows.filter((row) => row['sid'] !== replaces);
      const isLive = (row: Row): boolean => Number(row['expires_at']) > now;
      const live = others.filter(isLive).map((row) => String(row['sid']));
      if (limit.onLimit === 'reject' && live.length >= limit.max) return { status: 'limit', now };
      const ended = others.filter((row) => !isLive(row)).slice(0, MAX_ENDED);
      for (const row of ended)
        await query(`DELETE FROM ${session} WHERE sid = ?`, [String(row['sid'])]);
      evicted.push(...live.slice(0, Math.max(0, live.length - limit.max + 1)));
      await removeMarked(query, { sids: evicted, at: now, operation });
      if (evicted.length > 0) await putMark(query, operation, now, evicted.join(','));
      bound = live.length - evicted.length;
    }
    if (replaces?.startsWith(tag) === true) {
      const [old] = await query(`SELECT sid FROM ${session} WHERE sid = ?`, [replaces]);
      if (old !== undefined) await removeMarked(query, { sids: [replaces], at: now, operation });
    }
    const columns = authColumns(auth);
    await query(
      `INSERT INTO ${session} (sid, created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        sid,
        createdAt,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        columns.replayed,
        record.authVersion,
        record.dataVersion,
        columns.auth,
        encodeData(record.data),
      ],
    );
    await query(`UPDATE ${subject} SET upper = ?, sweep_at = GREATEST(sweep_at, ?) WHERE tag = ?`, [
      bound + 1,
      columns.sweepAt,
      tag,
    ]);
    return { status: 'inserted', evicted, now };
  }

  /** Locks a session, then reads the time; `undefined` for one that is absent or over. */
  async function lockSession(
    query: Query,
    sid: string,
  ): Promise<{
    readonly record: SessionRecord | undefined;
    readonly row: Row | undefined;
    readonly now: number;
  }> {
    const [row] = await query(`SELECT * FROM ${session} WHERE sid = ? FOR UPDATE`, [sid]);
    const now = await timeOf(query);
    const isLive = row !== undefined && now < Number(row['expires_at']);
    return { record: isLive ? recordOf(toSessionRow(row)) : undefined, row, now };
  }

  async function replaceAuth(
    query: Query,
    given: {
      readonly sid: string;
      readonly expected: number;
      readonly auth: SessionRecord['auth'];
      readonly notAfter: number;
      readonly markReplayed: number | undefined;
    },
  ): Promise<ReplaceResult> {
    const { sid, expected, auth, markReplayed } = given;
    const { record, row, now } = await lockSession(query, sid);
    if (now > given.notAfter) return { status: 'late', now };
    if (record === undefined) return { status: 'absent', now };
    const columns = authColumns(auth);
    if (record.authVersion !== expected) {
      const isRepeated =
        record.authVersion === expected + 1 &&
        row?.['auth'] === columns.auth &&
        record.auth.expiresAt === columns.expiresAt &&
        record.auth.replayed === columns.replayed;
      if (isRepeated) return { status: 'replaced', now };
      if (record.auth.generation !== markReplayed || record.auth.replayed) {
        return { status: 'conflict', record, now };
      }
      const marked = {
        ...record,
        authVersion: record.authVersion + 1,
        auth: { ...record.auth, replayed: true },
      };
      await query(`UPDATE ${session} SET replayed = TRUE, auth_version = ? WHERE sid = ?`, [
        marked.authVersion,
        sid,
      ]);
      return { status: 'conflict', record: marked, now };
    }
    await query(
      `UPDATE ${session} SET auth = ?, expires_at = ?, used_at = ?, sweep_at = ?, generation = ?, replayed = ?, auth_version = ? WHERE sid = ?`,
      [
        columns.auth,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        columns.replayed,
        expected + 1,
        sid,
      ],
    );
    return { status: 'replaced', now };
  }

  async function removeAll(
    query: Query,
    given: {
      readonly tag: string;
      readonly except: string | undefined;
      readonly context: WriteContext;
    },
  ): Promise<RemoveAllResult> {
    const { tag, except, context } = given;
    const { revokedBefore } = await lockSubject(query, tag);
    const now = await timeOf(query);
    if (now > context.notAfter) return { status: 'late', now };
    const before = await readMark(query, context.operation);
    if (before !== undefined) return { status: 'removed', count: Number(before['answer']), now };
    const range = `sid >= ? AND sid < ? AND sid <> ?`;
    const values = [tag, `${tag}~`, except ?? ''];
    const [totals] = await query(
      `SELECT COALESCE(SUM(expires_at > ?), 0) AS count, MAX(created_at) AS newest FROM ${session} WHERE ${range}`,
      [now, ...values],
    );
    await query(`DELETE FROM ${session} WHERE ${range}`, values);
    const count = Number(totals?.['count']);
    await putMark(query, context.operation, now, String(count));
    await query(
      `UPDATE ${subject} SET revoked_before = ?, upper = ?, sweep_at = GREATEST(sweep_at, ?) WHERE tag = ?`,
      [
        Math.max(now, revokedBefore, Number(totals?.['newest'] ?? 0)),
        except === undefined ? 0 : 1,
        Math.floor(context.notAfter) + SUBJECT_TTL_MS,
        tag,
      ],
    );
    return { status: 'removed', count, now };
  }

  async function sweep(): Promise<void> {
    const now = await timeOf(port.query);
    const old = now - TOMBSTONE_TTL_MS;
    await read('sweep', `DELETE FROM ${mark} WHERE at <= ? ORDER BY at LIMIT ${SWEEP_SIZE}`, [old]);
    await read(
      'sweep',
      `DELETE FROM ${session} WHERE sweep_at <= ? AND expires_at <= ? ORDER BY sweep_at LIMIT ${SWEEP_SIZE}`,
      [now, old],
    );
    const rows = await read(
      'sweep',
      `SELECT tag FROM ${subject} WHERE sweep_at <= ? AND revoked_before <= ? ORDER BY sweep_at LIMIT ${SWEEP_SIZE}`,
      [old, now - REVOCATION_TTL_MS],
    );
    for (const row of rows) await sweepSubject(String(row['tag']), now);
  }

  /** Deletes the row of a subject without sessions, or moves its next look to the end of the last one. */
  async function sweepSubject(tag: string, now: number): Promise<void> {
    await port.transaction(async (query) => {
      const { revokedBefore } = await lockSubject(query, tag);
      const [row] = await query(
        `SELECT MAX(sweep_at) AS latest FROM ${session} WHERE sid >= ? AND sid < ?`,
        [tag, `${tag}~`],
      );
      const latest = row?.['latest'] ?? null;
      const isOver = latest === null && revokedBefore <= now - REVOCATION_TTL_MS;
      if (isOver) await query(`DELETE FROM ${subject} WHERE tag = ?`, [tag]);
      else {
        const next = Math.max(Number(latest), now + TOMBSTONE_TTL_MS);
        await query(`UPDATE ${subject} SET sweep_at = ? WHERE tag = ?`, [next, tag]);
      }
    });
  }

  return {
    timeout,
    open: (context) => sweeper.open(context),
    async load(sid) {
      const text = `SELECT ${NOW} AS now, s.* FROM (SELECT 1 AS one) o LEFT JOIN ${session} s ON s.sid = ?`;
      const [row] = await read('load', text, [sid]);
      return { record: recordOf(toSessionRow(row)), now: Number(row?.['now']) };
    },
    async loadRecord(sid) {
      const rows = await read('read', `SELECT * FROM ${session} WHERE sid = ?`, [sid]);
      return recordOf(toSessionRow(rows[0]));
    },
    insert: (record, limit, context) =>
      queue.run(record.sid.slice(0, TAG_LENGTH), () =>
        write('insert', (query) => insert(query, record, limit, context)),
      ),
    replaceAuth: (sid, expected, auth, { notAfter }, markReplayed) =>
      write('replaceAuth', (query) =>
        replaceAuth(query, { sid, expected, auth, notAfter, markReplayed }),
      ),
    replaceData: (sid, expected, data, { notAfter }) =>
      write('replaceData', async (query): Promise<ReplaceResult> => {
        const { record, row, now } = await lockSession(query, sid);
        if (now > notAfter) return { status: 'late', now };
        if (record === undefined) return { status: 'absent', now };
        const text = encodeData(data);
        if (record.dataVersion === expected) {
          await query(`UPDATE ${session} SET data = ?, data_version = ? WHERE sid = ?`, [
            text,
            expected + 1,
            sid,
          ]);
          return { status: 'replaced', now };
        }
        const isRepeated = record.dataVersion === expected + 1 && row?.['data'] === text;
        return isRepeated ? { status: 'replaced', now } : { status: 'conflict', record, now };
      }),
    remove: (sid, { notAfter, operation }, expected) =>
      write('remove', async (query): Promise<RemoveResult> => {
        const { record, now } = await lockSession(query, sid);
        if (now > notAfter) return { status: 'late', now };
        if (record === undefined) {
          const isRepeated = (await readMark(query, sid))?.['answer'] === operation;
          return { status: isRepeated ? 'removed' : 'absent', now };
        }
        if (expected !== undefined && record.authVersion !== expected) {
          return { status: 'conflict', record, now };
        }
        await removeMarked(query, { sids: [sid], at: now, operation });
        return { status: 'removed', now };
      }),
    async list(tag) {
      const text = `SELECT n.now, s.* FROM (SELECT ${NOW} AS now) n LEFT JOIN ${session} s ON s.sid >= ? AND s.sid < ? AND s.expires_at > n.now`;
      const rows = await read('list', text, [tag, `${tag}~`]);
      const records = rows.flatMap((row) => recordOf(toSessionRow(row)) ?? []);
      return { records: records.sort(compareByAge), now: Number(rows[0]?.['now']) };
    },
    removeAll: (tag, except, context) =>
      queue.run(tag, () =>
        write('removeAll', (query) => removeAll(query, { tag, except, context })),
      ),
    async ready() {
      await read('ready', `SELECT sid FROM ${session} WHERE sid = ''`, []);
    },
    // The client is the caller's, and the store holds nothing else.
    async close() {},
    async migrate() {
      for (const text of createTables(names)) await read('migrate', text, []);
      const [row] = await read(
        'migrate',
        'SELECT TABLE_COMMENT AS text FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
        [`${names.prefix}_session`],
      );
      const version = Number(/^sess schema (\d+)$/.exec(String(row?.['text']))?.[1] ?? Number.NaN);
      if (version <= SCHEMA_VERSION) return;
      throw new Error(
        `${names.prefix}_session: expected a table of schema version ${SCHEMA_VERSION} or below, got ${Number.isNaN(version) ? 'a table that is not of this package' : version}.`,
      );
    },
    sweep,
  };
}

async function timeOf(query: Query): Promise<number> {
  return Number((await query(`SELECT ${NOW} AS now`))[0]?.['now']);
}

/** The columns are those of the statements, so a cast names what they return. */
function toSessionRow(row: Row | undefined): SessionRow {
  return (row ?? { sid: null }) as unknown as SessionRow;
}
