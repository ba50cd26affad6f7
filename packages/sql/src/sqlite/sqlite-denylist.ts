import { readOptions } from '@sess/core/internal';
import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { DENYLIST_READERS, type SqlDenylistOptions } from '../store/options.js';
import { SQLITE_ERRORS } from './errors.js';
import { openFile } from './file.js';
import { createSqlitePort, type SqliteClient } from './port.js';
import { denylistTablesOf } from './schema.js';
import { NOW, toStatement } from './statements.js';

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `max(${left}, ${right})`,
  least: (left, right) => `min(${left}, ${right})`,
  onConflict: (key) => `ON CONFLICT (${key}) DO UPDATE SET`,
  given: (column) => `excluded.${column}`,
  insertIfAbsent: (table, columns, selection) =>
    `INSERT OR IGNORE INTO ${table} (${columns}) ${selection}`,
  prune: (table) =>
    `DELETE FROM ${table} WHERE (tag, id) IN (SELECT tag, id FROM ${table} WHERE expires_at <= ${NOW} ORDER BY expires_at LIMIT 16)`,
  text: (parameter) => parameter,
  parameter: () => '?',
};

/**
 * Creates a denylist for signed access tokens on SQLite.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set
 * @throws {UsageError} `invalid_option`
 */
export function sqliteDenylist(
  database: string | SqliteClient,
  options: SqlDenylistOptions = {},
): SqlDenylist {
  const { table, timeout } = readOptions('sqliteDenylist', options, DENYLIST_READERS);
  const names = createTableNames({ table, quote: '"' });
  const port = typeof database === 'string' ? openFile(database) : createSqlitePort(database);
  const call = createDatabaseCall(SQLITE_ERRORS);
  return createSqlDenylist({
    dialect: DIALECT,
    names,
    timeout,
    call,
    read: (text, values) => port.read([toStatement(text), values]),
    async write(list) {
      const rows = await port.batch(list.map(([text, values]) => [toStatement(text), values]));
      return rows.at(-1) ?? [];
    },
    migrate: () => call('migrate', () => port.exec(denylistTablesOf(names))),
    close: () => port.close?.(),
  });
}
