#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { mysqlSchema } from './mysql/schema.js';
import { postgresSchema } from './postgres/schema.js';
import { sqliteSchema } from './sqlite/schema.js';

const USAGE = `Usage: sess-sql <postgres|sqlite|mysql> [--table sess] [--schema public]

Prints the statements that create the session tables, for your own migrations.
`;

const SCHEMAS = { postgres: postgresSchema, sqlite: sqliteSchema, mysql: mysqlSchema };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { table: { type: 'string' }, schema: { type: 'string' } },
});
const dialect = positionals[0] ?? '';
if (dialect in SCHEMAS) {
  const { table, schema } = values;
  const statements = SCHEMAS[dialect as keyof typeof SCHEMAS]({
    ...(typeof table === 'string' ? { table } : {}),
    ...(typeof schema === 'string' ? { schema } : {}),
  });
  process.stdout.write(`${statements.join(';\n')};\n`);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
