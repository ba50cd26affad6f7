import { parseArgs } from 'node:util';
import { mysqlSchema } from './mysql/schema.js';
import { postgresSchema } from './postgres/schema.js';
import { sqliteSchema } from './sqlite/schema.js';

/** What the command prints if its arguments are wrong. */
export const USAGE = `Usage: sess-sql <postgres|sqlite|mysql> [options]

Prints the statements that create the session tables, for your own migrations.

  --table sess           prefix of the tables
  --denylist             with the tables of the denylist
  --users users          the table of users: deleting a user deletes the sessions
  --users-type bigint    the type of its key; needed with --users
  --users-column id      the column of its key
  --schema public        schema of the tables (postgres)
  --near-cache           with the triggers of the near cache (postgres)
`;

const SCHEMAS = { postgres: postgresSchema, sqlite: sqliteSchema, mysql: mysqlSchema };

const FLAGS = {
  table: { type: 'string' },
  denylist: { type: 'boolean' },
  users: { type: 'string' },
  'users-type': { type: 'string' },
  'users-column': { type: 'string' },
  schema: { type: 'string' },
  'near-cache': { type: 'boolean' },
} as const;

/**
 * Returns the statements that the arguments ask for as one text, which every client of the database runs as it is.
 *
 * @throws {Error} if the arguments are wrong
 */
export function printSchema(args: readonly string[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: FLAGS,
    allowPositionals: true,
  });
  const [dialect = ''] = positionals;
  if (!Object.hasOwn(SCHEMAS, dialect) || positionals.length > 1) {
    throw new Error(`expected postgres, sqlite or mysql, got "${positionals.join(' ')}".`);
  }
  const { users, 'users-type': type = '', 'users-column': column, ...rest } = values;
  const { 'near-cache': nearCache, schema, ...common } = rest;
  if (dialect !== 'postgres' && (nearCache !== undefined || schema !== undefined)) {
    throw new Error('--schema and --near-cache are for postgres only.');
  }
  const statements = SCHEMAS[dialect as keyof typeof SCHEMAS]({
    ...common,
    ...(schema === undefined ? {} : { schema }),
    ...(nearCache === undefined ? {} : { nearCache }),
    ...(users === undefined
      ? {}
      : { users: { table: users, type, ...(column === undefined ? {} : { column }) } }),
  });
  return `${statements.join(';\n')};\n`;
}
