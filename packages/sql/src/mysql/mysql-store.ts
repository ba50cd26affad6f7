import { readOptions } from '@sess/core/internal';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { type SqlStoreOptions, STORE_READERS } from '../store/options.js';
import { createSqlStore, type SqlStore } from '../store/sql-store.js';
import { MYSQL_ERRORS } from './errors.js';
import { createMysqlDialect } from './operations.js';
import { createMysqlPort, type MysqlClient } from './port.js';

/**
 * Creates a session store on MySQL 8 or MariaDB 10.5 and later. A write is one READ COMMITTED transaction that locks its
 * row first and reads the time after that; verification is one read by primary key.
 *
 * @param client a pool of `mysql2/promise`, or a port. It stays the caller's
 * @throws {UsageError} `invalid_option`
 */
export function mysqlStore(client: MysqlClient, options: SqlStoreOptions = {}): SqlStore {
  const { table, users, ...settings } = readOptions('mysqlStore', options, STORE_READERS);
  const dialect = createMysqlDialect({
    names: createTableNames({ table, quote: '`' }),
    call: createDatabaseCall(MYSQL_ERRORS),
    port: createMysqlPort(client),
    users,
  });
  return createSqlStore(dialect, settings);
}
