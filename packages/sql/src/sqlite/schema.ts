import { createTableNames, type TableNames, tableOption } from '../store/names.js';
import { BUILD, labelOf, type SchemaOptions } from '../store/schema.js';
import { referenceOf, type UserReference, usersOption } from '../store/users.js';

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @throws {UsageError} `invalid_option`
 */
export function sqliteSchema(options: SchemaOptions = {}): readonly string[] {
  const { denylist = false } = options;
  const names = createTableNames({ table: tableOption('table', options.table), quote: '"' });
  const users = usersOption('users', options.users);
  return [
    ...tablesOf(names),
    ...(users === undefined ? [] : usersColumnOf(names, users)),
    ...(denylist ? denylistTablesOf(names) : []),
  ];
}

/** The tables of the store. */
export function tablesOf(names: TableNames): readonly string[] {
  const { session, subject, mark, prefix } = names;
  return [
    `CREATE TABLE IF NOT EXISTS ${session} (sid TEXT PRIMARY KEY, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL, sweep_at INTEGER NOT NULL, generation INTEGER NOT NULL, replayed INTEGER NOT NULL, auth_version INTEGER NOT NULL, data_version INTEGER NOT NULL, auth TEXT NOT NULL, data TEXT NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_session_sweep" ON ${session} (sweep_at)`,
    `CREATE TABLE IF NOT EXISTS ${subject} (tag TEXT PRIMARY KEY, revoked_before INTEGER NOT NULL, upper INTEGER NOT NULL, sweep_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_subject_sweep" ON ${subject} (sweep_at)`,
    `CREATE TABLE IF NOT EXISTS ${mark} (id TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_mark_at" ON ${mark} (at)`,
    // No time is later, so that the row is never swept.
    `INSERT OR IGNORE INTO ${mark} (id, at, answer) VALUES ('schema', 9007199254740991, '${labelOf(BUILD)}')`,
  ];
}

/** The statement that writes the label of the tables. */
export function labelStatement({ mark }: TableNames, label: string): string {
  return `UPDATE ${mark} SET answer = '${label}' WHERE id = 'schema'`;
}

/** The column that references the users. Rows from before it have none, and stay when their user is deleted. */
export function usersColumnOf(names: TableNames, users: UserReference): readonly string[] {
  const { session, prefix } = names;
  return [
    `ALTER TABLE ${session} ADD COLUMN user_id ${users.type} ${referenceOf(users, '"')}`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_session_user" ON ${session} (user_id)`,
  ];
}

/** The tables of the denylist. */
export function denylistTablesOf({ watermark, denial, prefix }: TableNames): readonly string[] {
  const id = 'TEXT NOT NULL';
  return [
    `CREATE TABLE IF NOT EXISTS ${watermark} (tag ${id} PRIMARY KEY, version INTEGER NOT NULL, except_sid TEXT, except_from INTEGER, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS ${denial} (tag ${id}, id ${id}, from_at INTEGER, successor TEXT, expires_at INTEGER NOT NULL, PRIMARY KEY (tag, id)) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${prefix}_denial_expires" ON ${denial} (expires_at)`,
  ];
}
