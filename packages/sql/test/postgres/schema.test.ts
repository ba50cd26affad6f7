import { createSessions } from '@sess/core';
import { postgresDenylist, postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, startPostgres } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { printSchema } from '../../src/print-schema.js';
import { schemaSuite } from '../schema-suite.js';

let server: PostgresServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

schemaSuite({
  dialect: 'postgres',
  keys: [
    ['bigint', '42', '42'],
    ['uuid', "'6f1c2a6e-3d0c-4d0e-9a53-0c7b6f6f2b11'", '6f1c2a6e-3d0c-4d0e-9a53-0c7b6f6f2b11'],
    ['varchar(40)', "'ada'", 'ada'],
  ],
  open: async () => ({
    run: async (text) => void (await pool.query(text)),
    openStore: (options) => postgresStore(pool, options),
    openDenylist: (table) => postgresDenylist(pool, { table }),
    setLabel: async (table, label) =>
      void (await pool.query(`COMMENT ON TABLE ${table}_session IS '${label}'`)),
    close: async () => {},
  }),
});

it('prints a schema with the triggers of the near cache, in another schema of the database', async () => {
  await pool.query('CREATE SCHEMA auth');
  await pool.query(printSchema(['postgres', '--schema', 'auth', '--near-cache', '--denylist']));
  const store = postgresStore(pool, { schema: 'auth', nearCache: true });
  await store.migrate();
  await store.ready();
  const { rows } = await pool.query(
    "SELECT count(*)::int AS n FROM pg_trigger WHERE tgrelid = 'auth.sess_session'::regclass AND NOT tgisinternal",
  );
  expect(rows[0].n).toBe(3);
  await store.close();
});

it('reports a subject that is not of the type of the key', async () => {
  await pool.query('CREATE TABLE typed_users (id bigint PRIMARY KEY)');
  const store = postgresStore(pool, {
    table: 'typed',
    users: { table: 'typed_users', type: 'bigint' },
  });
  await store.migrate();
  const sessions = createSessions({ store, logger: silentLogger });
  const error: unknown = await sessions.create({ subject: 'ada' }).catch((thrown) => thrown);
  expect(String((error as Error).cause)).toContain("not of the type of the users' key");
});
