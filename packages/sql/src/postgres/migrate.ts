import type { DatabaseCall } from '../store/errors.js';
import type { TableNames } from '../store/names.js';
import { migrateTables, type SchemaPort } from '../store/schema.js';
import type { UserReference } from '../store/users.js';
import type { PostgresPort } from './port.js';
import { labelStatement, TRIGGERS, tablesOf, triggersOf, usersColumnOf } from './schema.js';
import type { Statement } from './statements.js';

/** Any number that other programs are unlikely to lock. */
const LOCK = 7_364_571_901;

const unnamed = (text: string): Statement => ({ name: '', text, parameters: 0 });

/** What belongs to the tables of a store. */
export interface TablesContext {
  readonly port: PostgresPort;
  readonly call: DatabaseCall;
  readonly names: TableNames;
  readonly users: UserReference | undefined;
  readonly hasTriggers: boolean;
}

/** Creates the tables that are missing, and what the options ask for. */
export function migrate(context: TablesContext): Promise<void> {
  const { port, call, names, users, hasTriggers } = context;
  const schema: SchemaPort = {
    table: names.session,
    readLabel: () => readLabel(context),
    create: () => runOnce(context, tablesOf(names)),
    upgrade: (statements, label) => runOnce(context, [...statements, labelStatement(names, label)]),
    async extend() {
      if (users !== undefined && !(await hasColumn(context, 'user_id'))) {
        await runOnce(context, usersColumnOf(names, users));
      }
      if (!hasTriggers) return;
      const [row] = await call('migrate', () => port.query(...countTriggers(names)));
      if (Number(row?.['count']) < TRIGGERS.length) await runOnce(context, triggersOf(names));
    },
  };
  return migrateTables(schema);
}

/** Creates the tables of a denylist. */
export async function migrateDenylist(
  context: Omit<TablesContext, 'users' | 'hasTriggers'>,
  statements: readonly string[],
): Promise<void> {
  if (!(await exists(context, context.names.watermark))) await runOnce(context, statements);
}

/** Returns the label of the session table: its comment. */
export async function readLabel({
  port,
  call,
  names,
}: Pick<TablesContext, 'port' | 'call' | 'names'>): Promise<string | undefined> {
  // The row is asked for, not the name alone: that is found as soon as another process has created the table, and its
  // label is not, because a statement sees the rows that there were when it began.
  const text =
    "SELECT coalesce(obj_description(oid, 'pg_class'), '') AS label FROM pg_class WHERE oid = to_regclass($1)";
  const [row] = await call('migrate', () => port.query(unnamed(text), [names.session]));
  return row === undefined ? undefined : String(row['label']);
}

/** The query that counts the triggers of the near cache which are on. */
function countTriggers(names: TableNames): readonly [Statement, readonly unknown[]] {
  const { session, prefix } = names;
  const text =
    "SELECT count(*) AS count FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname = ANY($2::text[]) AND tgenabled IN ('O', 'A')";
  return [unnamed(text), [session, TRIGGERS.map((part) => `${prefix}_${part}`)]];
}

async function exists(
  { port, call }: Pick<TablesContext, 'port' | 'call'>,
  table: string,
): Promise<boolean> {
  const text = 'SELECT to_regclass($1) IS NOT NULL AS is_here';
  const [row] = await call('migrate', () => port.query(unnamed(text), [table]));
  return row?.['is_here'] === true;
}

async function hasColumn(
  { port, call, names }: Pick<TablesContext, 'port' | 'call' | 'names'>,
  column: string,
): Promise<boolean> {
  const text =
    'SELECT 1 AS one FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2';
  const rows = await call('migrate', () => port.query(unnamed(text), [names.session, column]));
  return rows.length > 0;
}

/**
 * Runs statements in one transaction. Two processes that migrate at the same time wait for each other, and the second
 * one finds everything there. Callers look first: creating what exists would take a lock that can deadlock with writes.
 */
async function runOnce(
  { port, call }: Pick<TablesContext, 'port' | 'call'>,
  statements: readonly string[],
): Promise<void> {
  const body = statements.map((text) => `EXECUTE '${text.replaceAll("'", "''")}';`).join(' ');
  const guarded = `DO $sess$ BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); ${body} EXCEPTION WHEN duplicate_table OR duplicate_column OR duplicate_object THEN NULL; END $sess$`;
  await call('migrate', () => port.batch([[unnamed(guarded), []]]));
}
