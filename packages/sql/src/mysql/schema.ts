import { createTableNames, type TableNames, tableOption } from '../store/names.js';
import { BUILD, labelOf, type SchemaOptions } from '../store/schema.js';
import { referenceOf, type UserReference, usersOption } from '../store/users.js';

/** The server's time in epoch milliseconds, in UTC: other zones repeat an hour once a year. */
export const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @throws {UsageError} `invalid_option`
 */
export function mysqlSchema(options: SchemaOptions = {}): readonly string[] {
  const { denylist = false } = options;
  const names = createTableNames({ table: tableOption('table', options.table), quote: '`' });
  const users = usersOption('users', options.users);
  return [
    ...tablesOf(names),
    ...(users === undefined ? [] : usersColumnOf(names, users)),
    ...(denylist ? denylistTablesOf(names) : []),
  ];
}

/** Identifiers are compared by byte, so that the sessions of a subject are one range of the primary key. */
const id = (length: number): string =>
  `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin NOT NULL`;
const ENGINE = 'ENGINE = InnoDB';

/** The tables of the store. */
export function tablesOf({ session, subject, mark }: TableNames): readonly string[] {
  // The table with the label comes last: MySQL commits each of them, and where the label is, all have to be.
  return [
    `CREATE TABLE IF NOT EXISTS ${subject} (tag ${id(16)} PRIMARY KEY, revoked_before BIGINT NOT NULL, upper BIGINT NOT NULL, sweep_at BIGINT NOT NULL, INDEX (sweep_at)) ${ENGINE}`,
    `CREATE TABLE IF NOT EXISTS ${mark} (id ${id(64)} PRIMARY KEY, at BIGINT NOT NULL, answer MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, INDEX (at)) ${ENGINE}`,
    `CREATE TABLE IF NOT EXISTS ${session} (sid ${id(32)} PRIMARY KEY, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT NOT NULL, sweep_at BIGINT NOT NULL, generation BIGINT NOT NULL, replayed BOOLEAN NOT NULL, auth_version BIGINT NOT NULL, data_version BIGINT NOT NULL, auth TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, INDEX (sweep_at)) ${ENGINE} COMMENT = '${labelOf(BUILD)}'`,
  ];
}

/** The statement that writes the label of the tables. */
export function labelStatement({ session }: TableNames, label: string): string {
  return `ALTER TABLE ${session} COMMENT = '${label}'`;
}

/** The column that references the users. Rows from before it have none, and stay when their user is deleted. */
export function usersColumnOf({ session }: TableNames, users: UserReference): readonly string[] {
  const reference = referenceOf(users, '`');
  return [
    `ALTER TABLE ${session} ADD COLUMN user_id ${users.type} NULL, ADD FOREIGN KEY (user_id) ${reference}`,
  ];
}

/** The tables of the denylist. */
export function denylistTablesOf({ watermark, denial }: TableNames): readonly string[] {
  const text = (length: number): string =>
    `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
  return [
    `CREATE TABLE IF NOT EXISTS ${watermark} (tag ${id(16)} PRIMARY KEY, version BIGINT NOT NULL, except_sid ${text(32)}, except_from BIGINT, expires_at BIGINT NOT NULL) ${ENGINE}`,
    `CREATE TABLE IF NOT EXISTS ${denial} (tag ${id(16)}, id ${id(96)}, from_at BIGINT, successor ${text(64)}, expires_at BIGINT NOT NULL, PRIMARY KEY (tag, id), INDEX (expires_at)) ${ENGINE}`,
  ];
}
