import { createTableNames, type TableNames } from '../store/names.js';

/** The version of the tables, kept in the comment of the session table. */
export const SCHEMA_VERSION = 1;

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @param options.table prefix of the three tables. Default: `'sess'`
 * @param options.schema schema of the tables. Default: the first of the connection's `search_path`
 * @throws {UsageError} `invalid_option`
 */
export function postgresSchema(
  options: { readonly table?: string; readonly schema?: string } = {},
): readonly string[] {
  const { table = 'sess', schema } = options;
  return createStatements(createTableNames({ table, schema, quote: '"' }));
}

/** Identifiers are compared by byte, so that the sessions of a subject are one range of the primary key. */
const ID = 'text COLLATE "C"';
/** Dead rows are few and short-lived; they should go before they slow a busy subject down. */
const VACUUM = 'autovacuum_vacuum_scale_factor = 0.02';

export function createStatements(names: TableNames): readonly string[] {
  const { session, subject, mark, prefix } = names;
  return [
    `CREATE TABLE ${session} (sid ${ID} PRIMARY KEY, created_at bigint NOT NULL, expires_at bigint NOT NULL, used_at bigint NOT NULL, sweep_at bigint NOT NULL, generation bigint NOT NULL, replayed boolean NOT NULL, auth_version bigint NOT NULL, data_version bigint NOT NULL, auth text NOT NULL, data text NOT NULL) WITH (fillfactor = 70, ${VACUUM})`,
    `CREATE INDEX "${prefix}_session_sweep" ON ${session} (sweep_at)`,
    `CREATE TABLE ${subject} (tag ${ID} PRIMARY KEY, seq bigint NOT NULL, revoked_before bigint NOT NULL, upper bigint NOT NULL, sweep_at bigint NOT NULL) WITH (fillfactor = 80, ${VACUUM})`,
    `CREATE INDEX "${prefix}_subject_sweep" ON ${subject} (sweep_at)`,
    `CREATE TABLE ${mark} (id ${ID} PRIMARY KEY, at bigint NOT NULL, answer text NOT NULL) WITH (${VACUUM})`,
    `CREATE INDEX "${prefix}_mark_at" ON ${mark} (at)`,
    `COMMENT ON TABLE ${session} IS 'sess schema ${SCHEMA_VERSION}'`,
  ];
}
