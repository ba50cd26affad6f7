import { PGlite } from '@electric-sql/pglite';
import { postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, sleep, startPostgres, until } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { storeSuite } from '@sess/testkit/suites';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe } from 'vitest';
import { createRecord, createWrite } from '../../../../test/kit.js';

let run = 0;
function nextTable(): string {
  run += 1;
  return `suite_${process.pid}_${run}`;
}

describe('PostgreSQL', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  let sql: postgres.Sql;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url });
    sql = postgres(server.url, { onnotice: () => undefined });
  }, 60_000);
  afterAll(async () => {
    await sql?.end();
    await pool?.end();
    await server?.stop();
  });

  storeSuite('PostgreSQL through pg', async () => {
    const store = postgresStore(pool, { table: nextTable() });
    await store.migrate();
    return { store, passTime: sleep, close: () => store.close() };
  });

  storeSuite('PostgreSQL through pg, unnamed statements', async () => {
    const store = postgresStore(pool, { table: nextTable(), prepare: false });
    await store.migrate();
    return { store, passTime: sleep, close: () => store.close() };
  });

  storeSuite('PostgreSQL through pg with a near cache', async () => {
    const store = postgresStore(pool, { table: nextTable(), nearCache: true, timeout: '5s' });
    await store.migrate();
    store.open?.({ clock: { now: () => Date.now() }, logger: silentLogger });
    // Without this the suite would mostly test the store beneath.
    const record = createRecord({ now: Date.now(), subject: 'another' });
    const limit = { max: 9, onLimit: 'reject' } as const;
    await store.insert(record, limit, createWrite(Date.now()));
    await until(
      async () => {
        await store.load(record.sid);
        return store.getCached?.(record.sid) !== undefined;
      },
      { what: 'the near cache', timeoutMs: 20_000 },
    );
    return { store, passTime: sleep, close: () => store.close() };
  });

  storeSuite('PostgreSQL through postgres.js', async () => {
    const store = postgresStore(sql, { table: nextTable() });
    await store.migrate();
    return { store, passTime: sleep, close: () => store.close() };
  });
});

describe('PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  }, 60_000);
  afterAll(() => db?.close());

  storeSuite('PGlite', async () => {
    const store = postgresStore(db, { table: nextTable(), timeout: '5s' });
    await store.migrate();
    return { store, passTime: sleep, close: () => store.close() };
  });
});
