import { createTableNames, type TableNames } from '../store/names.js';

/** The version of the tables, kept in a separate row that no sweep deletes. */
export const SCHEMA_VERSION = 1;

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @param options.table prefix of the three tables. Default: `'sess'`
 * @throws {UsageError} `invalid_option`
 */
export function sqliteSchema(options: { readonly table?: string } = {}): readonly string[] {
  const { table = 'sess' } = options;
  return createStatements(createTableNames({ table, quote: '"' }));
}

export function createStatements(names: TableNames): readonly string[] {
  const { session, subject, mark, prefix } = names;
  return [
    `CREATE TABLE IF NOT EXISTS ${session} (sid TEXT PRIMARY KEY, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL, sweep_at INTEGER NOT NULL, generation INTEGER NOT NULL, replayed INTEGER NOT NULL, auth_version INTEGER NOT NULL, data_version INTEGER NOT NULL, auth TEXT NOT NULL, data TEXT NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_session_sweep" ON ${session} (sweep_at)`,
    `CREATE TABLE IF NOT EXISTS ${subject} (tag TEXT PRIMARY KEY, revoked_before INTEGER NOT NULL, upper INTEGER NOT NULL, sweep_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_subject_sweep" ON ${subject} (sweep_at)`,
    `CREATE TABLE IF NOT EXISTS ${mark} (id TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_mark_at" ON ${mark} (at)`,
    // No time is later, so that the row is never swept.
    `INSERT OR IGNORE INTO ${mark} (id, at, answer) VALUES ('schema', 9007199254740991, '${SCHEMA_VERSION}')`,
  ];
}
