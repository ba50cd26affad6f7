import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import { createTableNames } from '../store/names.js';
import { resolveOptions } from '../store/options.js';
import { redactError } from './errors.js';
import { createPostgresPort, type PostgresClient } from './port.js';
import type { PostgresStoreOptions } from './postgres-store.js';
import { toStatement } from './statements.js';

const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `greatest(${left}, ${right})`,
  least: (left, right) => `least(${left}, ${right})`,
  onConflict: (key, assignments) =>
    `ON CONFLICT (${key}) DO UPDATE SET ${Object.entries(assignments)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}`,
  given: (column) => `excluded.${column}`,
  insertIfAbsent: (table, columns, selection, key) =>
    `INSERT INTO ${table} (${columns}) ${selection} ON CONFLICT (${key}) DO NOTHING`,
  prune: (table) =>
    `DELETE FROM ${table} WHERE (tag, id) IN (SELECT tag, id FROM ${table} WHERE expires_at <= ${NOW} ORDER BY expires_at LIMIT 16 FOR UPDATE SKIP LOCKED)`,
  text: (parameter) => `CAST(${parameter} AS text)`,
};

/**
 * Creates a denylist for signed access tokens on PostgreSQL.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set; the others as of `postgresStore`
 * @throws {UsageError} `invalid_option`
 */
export function postgresDenylist(
  client: PostgresClient,
  options: Omit<PostgresStoreOptions, 'sweep'> = {},
): SqlDenylist {
  const { table, timeout } = resolveOptions('postgresDenylist', options, ['schema', 'prepare']);
  const names = createTableNames({ table, schema: options.schema, quote: '"' });
  const port = createPostgresPort(client, { prepare: options.prepare ?? true });
  const id = 'text COLLATE "C" NOT NULL';
  return createSqlDenylist(
    {
      dialect: DIALECT,
      parameter: (index) => `$${index}`,
      async read(text, values) {
        try {
          return await port.query(toStatement(text), values);
        } catch (error) {
          throw redactError(error, 'denylist');
        }
      },
      async write(list) {
        try {
          return await port.batch(list.map(([text, values]) => [toStatement(text), values]));
        } catch (error) {
          throw redactError(error, 'denylist');
        }
      },
      async migrate(tables) {
        for (const text of tables) await port.query({ name: '', text }, []);
      },
    },
    {
      tables: names,
      schema: [
        `CREATE TABLE IF NOT EXISTS ${names.watermark} (tag ${id} PRIMARY KEY, version bigint NOT NULL, except_sid text, except_from bigint, expires_at bigint NOT NULL)`,
        `CREATE TABLE IF NOT EXISTS ${names.denial} (tag ${id}, id ${id}, from_at bigint, successor text, expires_at bigint NOT NULL, PRIMARY KEY (tag, id))`,
        `CREATE INDEX IF NOT EXISTS "${names.prefix}_denial_expires" ON ${names.denial} (expires_at)`,
      ],
      timeoutMs: timeout,
    },
  );
}
