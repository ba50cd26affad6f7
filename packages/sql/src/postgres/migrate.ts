import type { TableNames } from '../store/names.js';
import type { PostgresPort } from './port.js';
import { createStatements, SCHEMA_VERSION } from './schema.js';
import type { Statement } from './statements.js';

/** Any number that other programs are unlikely to lock. */
const LOCK = 7_364_571_901;

const unnamed = (text: string): Statement => ({ name: '', text });

/**
 * Creates the tables that are missing. It looks before it creates: creating what exists already would take a lock that
 * can deadlock with running writes. Two processes that migrate at the same time wait for each other.
 *
 * @throws {Error} if the tables are of a newer version than this package knows
 */
export async function migrate(port: PostgresPort, names: TableNames): Promise<void> {
  if ((await versionOf(port, names)) !== undefined) return;
  const create = createStatements(names).map((text) => unnamed(text.replaceAll("'", "''")));
  // One statement, so that nothing is created where another process was faster. The lock does not make this process
  // see immediately what the other has created, hence the handler.
  const body = create.map(({ text }) => `EXECUTE '${text}';`).join(' ');
  const guarded = `DO $sess$ BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); ${body} EXCEPTION WHEN duplicate_table THEN NULL; END $sess$`;
  await port.batch([[unnamed(guarded), []]]);
  await versionOf(port, names);
}

async function versionOf(port: PostgresPort, { session }: TableNames): Promise<number | undefined> {
  const text = `SELECT to_regclass($1) IS NOT NULL AS is_here, obj_description(to_regclass($1)) AS comment`;
  const [row] = await port.query(unnamed(text), [session]);
  if (row?.['is_here'] !== true) return undefined;
  const version = Number(/^sess schema (\d+)$/.exec(String(row['comment']))?.[1] ?? Number.NaN);
  if (version <= SCHEMA_VERSION) return version;
  throw new Error(
    `${session}: expected tables of schema version ${SCHEMA_VERSION} or below, got ${Number.isNaN(version) ? 'a table that is not of this package' : version}. Update @sess/sql, or name other tables with the option "table".`,
  );
}
