import { createTableNames, type TableNames } from '../store/names.js';

/** The server's time in epoch milliseconds, in UTC: other zones repeat an hour once a year. */
export const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/** The version of the tables, kept in the comment of the session table. */
export const SCHEMA_VERSION = 1;

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @param options.table prefix of the three tables. Default: `'sess'`
 * @throws {UsageError} `invalid_option`
 */
export function mysqlSchema(options: { readonly table?: string } = {}): readonly string[] {
  const { table = 'sess' } = options;
  return createStatements(createTableNames({ table, quote: '`' }));
}

/** Identifiers are compared by byte, so that the sessions of a subject are one range of the primary key. */
export const id = (length: number): string =>
  `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin NOT NULL`;

export function createStatements({ session, subject, mark }: TableNames): readonly string[] {
  const engine = 'ENGINE = InnoDB';
  return [
    `CREATE TABLE IF NOT EXISTS ${session} (sid ${id(32)} PRIMARY KEY, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT NOT NULL, sweep_at BIGINT NOT NULL, generation BIGINT NOT NULL, replayed BOOLEAN NOT NULL, auth_version BIGINT NOT NULL, data_version BIGINT NOT NULL, auth TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, INDEX (sweep_at)) ${engine} COMMENT = 'sess schema ${SCHEMA_VERSION}'`,
    `CREATE TABLE IF NOT EXISTS ${subject} (tag ${id(16)} PRIMARY KEY, revoked_before BIGINT NOT NULL, upper BIGINT NOT NULL, sweep_at BIGINT NOT NULL, INDEX (sweep_at)) ${engine}`,
    `CREATE TABLE IF NOT EXISTS ${mark} (id ${id(64)} PRIMARY KEY, at BIGINT NOT NULL, answer MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, INDEX (at)) ${engine}`,
  ];
}
