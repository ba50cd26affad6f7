import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import { createTableNames } from '../store/names.js';
import { resolveOptions, type SqlStoreOptions } from '../store/options.js';
import { isConflict, redactError } from './errors.js';
import { createMysqlPort, type MysqlClient, type Row } from './port.js';
import { id, NOW } from './schema.js';

const MAX_ATTEMPTS = 5;

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `GREATEST(${left}, ${right})`,
  least: (left, right) => `LEAST(${left}, ${right})`,
  onConflict: (_key, assignments) =>
    `ON DUPLICATE KEY UPDATE ${Object.entries(assignments)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}`,
  given: (column) => `VALUES(${column})`,
  insertIfAbsent: (table, columns, selection) =>
    `INSERT IGNORE INTO ${table} (${columns}) ${selection}`,
  prune: (table) => `DELETE FROM ${table} WHERE expires_at <= ${NOW} ORDER BY expires_at LIMIT 16`,
  text: (parameter) => parameter,
};

/**
 * Creates a denylist for signed access tokens on MySQL or MariaDB.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set
 * @throws {UsageError} `invalid_option`
 */
export function mysqlDenylist(
  client: MysqlClient,
  options: Omit<SqlStoreOptions, 'sweep'> = {},
): SqlDenylist {
  const { table, timeout } = resolveOptions('mysqlDenylist', options);
  const names = createTableNames({ table, quote: '`' });
  const port = createMysqlPort(client);

  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isConflict(error)) throw redactError(error, 'denylist');
      }
    }
  }

  return createSqlDenylist(
    {
      dialect: DIALECT,
      parameter: () => '?',
      read: (text, values) => call(() => port.query(text, values)),
      write: (list) =>
        call(() =>
          port.transaction(async (query) => {
            let rows: readonly Row[] = [];
            for (const [text, values] of list) rows = await query(text, values);
            return rows;
          }),
        ),
      async migrate(tables) {
        for (const text of tables) await call(() => port.query(text));
      },
    },
    {
      tables: names,
      schema: [
        `CREATE TABLE IF NOT EXISTS ${names.watermark} (tag ${id(16)} PRIMARY KEY, version BIGINT NOT NULL, except_sid VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin, except_from BIGINT, expires_at BIGINT NOT NULL) ENGINE = InnoDB`,
        `CREATE TABLE IF NOT EXISTS ${names.denial} (tag ${id(16)}, id ${id(96)}, from_at BIGINT, successor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, expires_at BIGINT NOT NULL, PRIMARY KEY (tag, id), INDEX (expires_at)) ENGINE = InnoDB`,
      ],
      timeoutMs: timeout,
    },
  );
}
