import { createTableNames, schemaOption, type TableNames, tableOption } from '../store/names.js';
import { BUILD, labelOf, type SchemaOptions } from '../store/schema.js';
import { referenceOf, type UserReference, usersOption } from '../store/users.js';

/** The server's time in epoch milliseconds, at the moment of evaluation and not of the transaction. */
export const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

/**
 * The same, read once for a statement: what is compared with it is found by index, where with {@link NOW} each row of the
 * index would be read and compared.
 */
export const NOW_ONCE: string = `(SELECT ${NOW})`;

/** What the printed schema holds. */
export interface PostgresSchemaOptions extends SchemaOptions {
  /** Schema of the tables. Default: the first of the connection's `search_path`. */
  readonly schema?: string;
  /** Whether the triggers of the near cache are included. Default: `false`. */
  readonly nearCache?: boolean;
}

/**
 * Returns the statements that create the tables, for one's own migrations.
 *
 * @throws {UsageError} `invalid_option`
 */
export function postgresSchema(options: PostgresSchemaOptions = {}): readonly string[] {
  const { denylist = false, nearCache = false } = options;
  const table = tableOption('table', options.table);
  const schema = schemaOption('schema', options.schema);
  const users = usersOption('users', options.users);
  const names = createTableNames({ table, schema, quote: '"' });
  return [
    ...tablesOf(names),
    ...(users === undefined ? [] : usersColumnOf(names, users)),
    ...(nearCache ? triggersOf(names) : []),
    ...(denylist ? denylistTablesOf(names) : []),
  ];
}

/** Identifiers are compared by byte, so that the sessions of a subject are one range of the primary key. */
const ID = 'text COLLATE "C"';
/** Dead rows are few and short-lived; they should go before they slow a busy subject down. */
const VACUUM = 'autovacuum_vacuum_scale_factor = 0.02';

/** The tables of the store. */
export function tablesOf(names: TableNames): readonly string[] {
  const { session, subject, mark, prefix } = names;
  return [
    `CREATE TABLE ${session} (sid ${ID} PRIMARY KEY, created_at bigint NOT NULL, expires_at bigint NOT NULL, used_at bigint NOT NULL, sweep_at bigint NOT NULL, generation bigint NOT NULL, replayed boolean NOT NULL, auth_version bigint NOT NULL, data_version bigint NOT NULL, auth text NOT NULL, data text NOT NULL) WITH (fillfactor = 85, ${VACUUM})`,
    `CREATE INDEX "${prefix}_session_sweep" ON ${session} (sweep_at)`,
    `CREATE TABLE ${subject} (tag ${ID} PRIMARY KEY, seq bigint NOT NULL, revoked_before bigint NOT NULL, upper bigint NOT NULL, sweep_at bigint NOT NULL) WITH (fillfactor = 80, ${VACUUM})`,
    `CREATE INDEX "${prefix}_subject_sweep" ON ${subject} (sweep_at)`,
    `CREATE TABLE ${mark} (id ${ID} PRIMARY KEY, at bigint NOT NULL, answer text NOT NULL) WITH (${VACUUM})`,
    `CREATE INDEX "${prefix}_mark_at" ON ${mark} (at)`,
    labelStatement(names, labelOf(BUILD)),
  ];
}

/** The statement that writes the label of the tables. */
export function labelStatement({ session }: TableNames, label: string): string {
  return `COMMENT ON TABLE ${session} IS '${label}'`;
}

/** The column that references the users. Rows from before it have none, and stay when their user is deleted. */
export function usersColumnOf(names: TableNames, users: UserReference): readonly string[] {
  const { session, prefix } = names;
  return [
    `ALTER TABLE ${session} ADD COLUMN user_id ${users.type} ${referenceOf(users, '"')}`,
    `CREATE INDEX "${prefix}_session_user" ON ${session} (user_id)`,
  ];
}

/** The tables of the denylist. */
export function denylistTablesOf({ watermark, denial, prefix }: TableNames): readonly string[] {
  return [
    `CREATE TABLE ${watermark} (tag ${ID} PRIMARY KEY, version bigint NOT NULL, except_sid text, except_from bigint, expires_at bigint NOT NULL)`,
    `CREATE TABLE ${denial} (tag ${ID} NOT NULL, id ${ID} NOT NULL, from_at bigint, successor text, expires_at bigint NOT NULL, PRIMARY KEY (tag, id))`,
    `CREATE INDEX "${prefix}_denial_expires" ON ${denial} (expires_at)`,
  ];
}

/** The channel on which changes of sessions are notified. */
export function channelOf({ prefix }: TableNames): string {
  return `${prefix}_near`;
}

/** The triggers of the near cache, by the end of their names. */
export const TRIGGERS = ['near_update', 'near_delete', 'near_truncate'] as const;

/**
 * Triggers and not the store notify, so that no writer can leave it out: another version, a console, a foreign key. The
 * payload is the tag of the subject, never a sid; equal ones of a transaction are sent once. Not notified are the
 * removal of ended sessions, and the acknowledgement of a token, which changes the last digit of `auth` only: what is
 * cached accepts the same tokens afterwards.
 */
export function triggersOf(names: TableNames): readonly string[] {
  const { session, prefix } = names;
  const channel = channelOf(names);
  const state = (row: string): string =>
    `(left(${row}.auth, -2), ${row}.expires_at, ${row}.replayed, ${row}.data_version)`;
  const call = `EXECUTE FUNCTION ${names.qualify('near')}()`;
  const [update, remove, truncate] = TRIGGERS.map((part) => `CREATE TRIGGER "${prefix}_${part}"`);
  return [
    `CREATE OR REPLACE FUNCTION ${names.qualify('near')}() RETURNS trigger LANGUAGE plpgsql AS $near$ BEGIN IF TG_OP = 'TRUNCATE' THEN PERFORM pg_notify('${channel}', '*'); ELSE PERFORM pg_notify('${channel}', left(OLD.sid, 16)); END IF; RETURN NULL; END $near$`,
    `${update} AFTER UPDATE ON ${session} FOR EACH ROW WHEN (${state('OLD')} IS DISTINCT FROM ${state('NEW')}) ${call}`,
    `${remove} AFTER DELETE ON ${session} FOR EACH ROW WHEN (OLD.expires_at > ${NOW}) ${call}`,
    `${truncate} AFTER TRUNCATE ON ${session} FOR EACH STATEMENT ${call}`,
  ];
}
