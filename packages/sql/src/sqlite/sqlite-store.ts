import { readOptions } from '@sess/core/internal';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { type SqlStoreOptions, STORE_READERS } from '../store/options.js';
import { createSqlStore, type SqlStore } from '../store/sql-store.js';
import { SQLITE_ERRORS } from './errors.js';
import { openFile } from './file.js';
import { createSqliteDialect } from './operations.js';
import { createSqlitePort, type SqliteClient } from './port.js';

/**
 * Creates a session store on SQLite. Every write is a fixed list of statements in one transaction. A file that is given
 * by name is opened and closed by the store, and its tables are created when they are first needed.
 *
 * @param database a file name (Node 22.5 or later, or Bun), or a database of node:sqlite, better-sqlite3, libsql,
 *   `@libsql/client`, bun:sqlite or D1, which stays the caller's
 * @throws {UsageError} `invalid_option`
 */
export function sqliteStore(
  database: string | SqliteClient,
  options: SqlStoreOptions = {},
): SqlStore {
  const { table, users, ...settings } = readOptions('sqliteStore', options, STORE_READERS);
  const dialect = createSqliteDialect({
    names: createTableNames({ table, quote: '"' }),
    call: createDatabaseCall(SQLITE_ERRORS),
    ownsFile: typeof database === 'string',
    port: typeof database === 'string' ? openFile(database) : createSqlitePort(database),
    users,
  });
  return createSqlStore(dialect, settings);
}
