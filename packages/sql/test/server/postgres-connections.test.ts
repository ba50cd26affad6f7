import { createSessions, StoreUnavailableError } from '@sess/core';
import { postgresStore } from '@sess/sql/postgres';
import {
  type PostgresServer,
  startPostgres,
  startTcpForwarder,
  type TcpForwarder,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

let server: PostgresServer;
let admin: pg.Pool;
let run = 0;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Pool({ connectionString: server.url });
}, 60_000);
afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

/** Opens an engine whose connections can be cut. */
async function open(options: pg.PoolConfig = {}) {
  run += 1;
  const table = `connections_${run}`;
  const forwarder: TcpForwarder = await startTcpForwarder(server.port);
  const connectionString = server.url.replace(`:${server.port}`, `:${forwarder.port}`);
  const pool = new pg.Pool({ connectionString, ...options });
  const store = postgresStore(pool, { table });
  await store.migrate();
  const sessions = createSessions({ store, logger: silentLogger });
  onTestFinished(async () => {
    await forwarder.close();
    if (!pool.ended) await pool.end();
  });
  return { table, forwarder, sessions };
}

/** Holds the row of a subject until it is released, as a slow transaction of another program would. */
async function lockSubjects(table: string): Promise<() => Promise<void>> {
  const client = await admin.connect();
  await client.query('BEGIN');
  await client.query(`SELECT * FROM ${table}_subject FOR UPDATE`);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

const countOf = async (table: string): Promise<number> =>
  (await admin.query(`SELECT count(*)::int AS n FROM ${table}_session`)).rows[0].n;

describe('postgresStore', () => {
  it('writes nothing and stays usable when its connections are cut while a write waits for a lock', async () => {
    const { table, forwarder, sessions } = await open();
    await sessions.create({ subject: 'ada' });
    const release = await lockSubjects(table);
    const waiting = sessions.create({ subject: 'ada' });
    const failed = expect(waiting).rejects.toThrow(StoreUnavailableError);
    await expect
      .poll(async () => {
        const text = `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted`;
        return (await admin.query(text)).rows[0].n;
      })
      .toBeGreaterThan(0);
    forwarder.cut();
    await failed;
    await release();
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    // The backend of the cut connection may have found the lock released, and the write in time.
    expect(await countOf(table)).toBeLessThanOrEqual(3);
  });
});
