import { readOptions } from '@sess/core/internal';
import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import type { Row } from '../store/dialect.js';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { DENYLIST_READERS, type SqlDenylistOptions } from '../store/options.js';
import { MYSQL_ERRORS } from './errors.js';
import { createMysqlPort, type MysqlClient } from './port.js';
import { denylistTablesOf, NOW } from './schema.js';

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `GREATEST(${left}, ${right})`,
  least: (left, right) => `LEAST(${left}, ${right})`,
  onConflict: () => 'ON DUPLICATE KEY UPDATE',
  given: (column) => `VALUES(${column})`,
  insertIfAbsent: (table, columns, selection) =>
    `INSERT IGNORE INTO ${table} (${columns}) ${selection}`,
  prune: (table) => `DELETE FROM ${table} WHERE expires_at <= ${NOW} ORDER BY expires_at LIMIT 16`,
  text: (parameter) => parameter,
  parameter: () => '?',
};

/**
 * Creates a denylist for signed access tokens on MySQL or MariaDB.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set
 * @throws {UsageError} `invalid_option`
 */
export function mysqlDenylist(client: MysqlClient, options: SqlDenylistOptions = {}): SqlDenylist {
  const { table, timeout } = readOptions('mysqlDenylist', options, DENYLIST_READERS);
  const names = createTableNames({ table, quote: '`' });
  const port = createMysqlPort(client);
  const call = createDatabaseCall(MYSQL_ERRORS);
  return createSqlDenylist({
    dialect: DIALECT,
    names,
    timeout,
    call,
    read: (text, values) => port.query(text, values),
    write: (list) =>
      port.transaction(async (query) => {
        let rows: readonly Row[] = [];
        for (const [text, values] of list) rows = await query(text, values);
        return rows;
      }),
    async migrate() {
      for (const text of denylistTablesOf(names)) await call('migrate', () => port.query(text));
    },
  });
}
