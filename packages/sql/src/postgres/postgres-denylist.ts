import { readOptions } from '@sess/core/internal';
import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { DENYLIST_READERS } from '../store/options.js';
import { POSTGRES_ERRORS } from './errors.js';
import { migrateDenylist } from './migrate.js';
import { CONNECTION_READERS, type PostgresStoreOptions } from './options.js';
import { createPostgresPort, type PostgresClient } from './port.js';
import { denylistTablesOf, NOW, NOW_ONCE } from './schema.js';
import { toStatement } from './statements.js';

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `greatest(${left}, ${right})`,
  least: (left, right) => `least(${left}, ${right})`,
  onConflict: (key) => `ON CONFLICT (${key}) DO UPDATE SET`,
  given: (column) => `excluded.${column}`,
  insertIfAbsent: (table, columns, selection, key) =>
    `INSERT INTO ${table} (${columns}) ${selection} ON CONFLICT (${key}) DO NOTHING`,
  prune: (table) =>
    `DELETE FROM ${table} WHERE (tag, id) IN (SELECT tag, id FROM ${table} WHERE expires_at <= ${NOW_ONCE} ORDER BY expires_at LIMIT 16 FOR UPDATE SKIP LOCKED)`,
  text: (parameter) => `CAST(${parameter} AS text)`,
  parameter: (index) => `$${index}`,
};

/**
 * Creates a denylist for signed access tokens on PostgreSQL.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set; the others as of `postgresStore`
 * @throws {UsageError} `invalid_option`
 */
export function postgresDenylist(
  client: PostgresClient,
  options: Pick<PostgresStoreOptions, 'table' | 'timeout' | 'schema' | 'prepare'> = {},
): SqlDenylist {
  const { table, schema, prepare, timeout } = readOptions('postgresDenylist', options, {
    ...DENYLIST_READERS,
    ...CONNECTION_READERS,
  });
  const names = createTableNames({ table, schema, quote: '"' });
  const port = createPostgresPort(client, { prepare, timeout });
  const call = createDatabaseCall(POSTGRES_ERRORS);
  return createSqlDenylist({
    dialect: DIALECT,
    names,
    timeout,
    call,
    read: (text, values) => port.query(toStatement(text), values),
    write: (list) => port.batch(list.map(([text, values]) => [toStatement(text), values])),
    migrate: () => migrateDenylist({ port, call, names }, denylistTablesOf(names)),
  });
}
