import { createSqlDenylist, type SqlDenylist } from '../denylist/sql-denylist.js';
import type { DenylistDialect } from '../denylist/statements.js';
import { createTableNames } from '../store/names.js';
import { resolveOptions, type SqlStoreOptions } from '../store/options.js';
import { redactError } from './errors.js';
import { openFile } from './file.js';
import { createSqlitePort, type SqliteClient } from './port.js';
import { NOW, toStatement } from './statements.js';

const DIALECT: DenylistDialect = {
  now: NOW,
  greatest: (left, right) => `max(${left}, ${right})`,
  least: (left, right) => `min(${left}, ${right})`,
  onConflict: (key, assignments) =>
    `ON CONFLICT (${key}) DO UPDATE SET ${Object.entries(assignments)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}`,
  given: (column) => `excluded.${column}`,
  insertIfAbsent: (table, columns, selection) =>
    `INSERT OR IGNORE INTO ${table} (${columns}) ${selection}`,
  prune: (table) =>
    `DELETE FROM ${table} WHERE (tag, id) IN (SELECT tag, id FROM ${table} WHERE expires_at <= ${NOW} ORDER BY expires_at LIMIT 16)`,
  text: (parameter) => parameter,
};

/**
 * Creates a denylist for signed access tokens on SQLite.
 *
 * @param options `table` is the prefix of its two tables, `'sess'` if not set
 * @throws {UsageError} `invalid_option`
 */
export function sqliteDenylist(
  database: string | SqliteClient,
  options: Omit<SqlStoreOptions, 'sweep'> = {},
): SqlDenylist {
  const { table, timeout } = resolveOptions('sqliteDenylist', options);
  const names = createTableNames({ table, quote: '"' });
  const port = typeof database === 'string' ? openFile(database) : createSqlitePort(database);
  const id = 'TEXT NOT NULL';
  const denylist = createSqlDenylist(
    {
      dialect: DIALECT,
      parameter: () => '?',
      read: (text, values) => redactError('denylist', () => port.read([toStatement(text), values])),
      async write(list) {
        const rows = await redactError('denylist', () =>
          port.batch(list.map(([text, values]) => [toStatement(text), values])),
        );
        return rows.at(-1) ?? [];
      },
      migrate: (tables) => port.exec(tables),
    },
    {
      tables: names,
      schema: [
        `CREATE TABLE IF NOT EXISTS ${names.watermark} (tag ${id} PRIMARY KEY, version INTEGER NOT NULL, except_sid TEXT, except_from INTEGER, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
        `CREATE TABLE IF NOT EXISTS ${names.denial} (tag ${id}, id ${id}, from_at INTEGER, successor TEXT, expires_at INTEGER NOT NULL, PRIMARY KEY (tag, id)) WITHOUT ROWID`,
        `CREATE INDEX IF NOT EXISTS "${names.prefix}_denial_expires" ON ${names.denial} (expires_at)`,
      ],
      timeoutMs: timeout,
    },
  );
  return {
    ...denylist,
    async close() {
      port.close?.();
    },
  };
}
