import { REVOCATION_TTL_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import { type Row, type SqlDialect, SWEEP_SIZE, type Value } from '../store/dialect.js';
import type { DatabaseCall } from '../store/errors.js';
import type { TableNames } from '../store/names.js';
import { checkLabel, migrateTables } from '../store/schema.js';
import type { UserReference } from '../store/users.js';
import { isHarmless } from './errors.js';
import type { MysqlPort } from './port.js';
import { labelStatement, NOW, tablesOf, usersColumnOf } from './schema.js';
import { createWrites, lockSubject, timeOf } from './writes.js';

/** The database of a store. */
export interface MysqlContext {
  readonly port: MysqlPort;
  readonly call: DatabaseCall;
  readonly names: TableNames;
  readonly users: UserReference | undefined;
}

/** Creates the operations of a store on MySQL or MariaDB: a write is a transaction that locks its row first. */
export function createMysqlDialect(context: MysqlContext): SqlDialect {
  const { port, call, names, users } = context;
  const { session, subject, mark, prefix } = names;
  const writes = createWrites(names, users);
  const reads = {
    read: `SELECT * FROM ${session} WHERE sid = ?`,
    load: `SELECT ${NOW} AS now, s.* FROM (SELECT 1 AS one) o LEFT JOIN ${session} s ON s.sid = ?`,
    list: `SELECT n.now, s.* FROM (SELECT ${NOW} AS now) n LEFT JOIN ${session} s ON s.sid >= ? AND s.sid < ? AND s.expires_at > n.now`,
  };

  const read = (
    name: string,
    text: string,
    values: readonly Value[] = [],
  ): Promise<readonly Row[]> => call(name, () => port.query(text, values));

  async function readLabel(): Promise<string | undefined> {
    const text =
      'SELECT TABLE_COMMENT AS label FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?';
    const [row] = await read('migrate', text, [`${prefix}_session`]);
    return row === undefined ? undefined : String(row['label']);
  }

  async function run(texts: readonly string[]): Promise<void> {
    for (const text of texts) await read('migrate', text);
  }

  /** Deletes the row of a subject without sessions, or moves its next look to the end of the last one. */
  function sweepSubject(tag: string, now: number): Promise<void> {
    return port.transaction(async (query) => {
      const { revokedBefore } = await lockSubject(query, subject, tag);
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
    failover: {
      isHarmless,
      onReconnect: (listener) => port.onReconnect?.(listener) ?? (() => undefined),
    },
    select: (name, key) => read(name, reads[name], name === 'list' ? [key, `${key}~`] : [key]),
    write: (name, values) =>
      call(name, () => port.transaction((query) => writes[name](query, values))),
    async sweep() {
      const now = await call('sweep', () => timeOf(port.query));
      const old = now - TOMBSTONE_TTL_MS;
      const limit = `LIMIT ${SWEEP_SIZE}`;
      await read('sweep', `DELETE FROM ${mark} WHERE at <= ? ORDER BY at ${limit}`, [old]);
      await read(
        'sweep',
        `DELETE FROM ${session} WHERE sweep_at <= ? AND expires_at <= ? ORDER BY sweep_at ${limit}`,
        [now, old],
      );
      const rows = await read(
        'sweep',
        `SELECT tag FROM ${subject} WHERE sweep_at <= ? AND revoked_before <= ? ORDER BY sweep_at ${limit}`,
        [old, now - REVOCATION_TTL_MS],
      );
      for (const row of rows) await call('sweep', () => sweepSubject(String(row['tag']), now));
    },
    async check() {
      await read('ready', reads.read, ['']);
      checkLabel((await readLabel()) ?? '', session);
    },
    migrate: () =>
      migrateTables({
        table: session,
        readLabel,
        create: () => run(tablesOf(names)),
        upgrade: (texts, label) => run([...texts, labelStatement(names, label)]),
        async extend() {
          if (users === undefined) return;
          const text =
            "SELECT 1 AS one FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = 'user_id'";
          const found = await read('migrate', text, [`${prefix}_session`]);
          if (found.length === 0) await run(usersColumnOf(names, users));
        },
      }),
  };
}
