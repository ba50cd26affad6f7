import { createSessions, StoreUnavailableError } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { mysqlStore } from '@sess/sql/mysql';
import { postgresStore } from '@sess/sql/postgres';
import {
  type MariadbServer,
  type PostgresServer,
  startMariadb,
  startPostgres,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const engineOn = (store: SessionStore) => createSessions({ store, logger: silentLogger });

describe('postgresStore', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Pool({ connectionString: server.url });
    await postgresStore(admin).migrate();
    await engineOn(postgresStore(admin)).create({ subject: 'ada' });
  }, 60_000);
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });
  const count = async (): Promise<number> =>
    (await admin.query('SELECT count(*)::int AS n FROM sess_session')).rows[0].n;

  /** Runs `work` while another program holds the subjects, as a transaction that is not committed. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const client = await admin.connect();
    await client.query('BEGIN');
    await client.query('SELECT * FROM sess_subject FOR UPDATE');
    try {
      await work();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  it('reports a pool without a free connection, and writes nothing after that', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    const sessions = engineOn(postgresStore(pool));
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const held = await pool.connect();
    const before = await count();
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
    await expect(sessions.verify(accessToken)).rejects.toThrow(StoreUnavailableError);
    held.release();
    // What waited for the connection is sent now, and is late.
    await pool.query('SELECT 1');
    expect(await count()).toBe(before);
    await sessions.create({ subject: 'ada' });
    expect(await count()).toBe(before + 1);
    await pool.end();
  });

  it('reports a statement that the server has cancelled, and has written nothing', async () => {
    const pool = new pg.Pool({ connectionString: server.url, statement_timeout: 100 });
    const sessions = engineOn(postgresStore(pool));
    const before = await count();
    await whileLocked(async () => {
      await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
    });
    expect(await count()).toBe(before);
    await pool.end();
  });

  it('reports a pool that was ended', async () => {
    const pool = new pg.Pool({ connectionString: server.url });
    const sessions = engineOn(postgresStore(pool));
    await pool.end();
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
  });
});

describe('mysqlStore', () => {
  let server: MariadbServer;
  let admin: Pool;
  beforeAll(async () => {
    server = await startMariadb();
    admin = createPool({ uri: server.url });
    await mysqlStore(admin).migrate();
    await engineOn(mysqlStore(admin)).create({ subject: 'ada' });
  }, 180_000);
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });
  const count = async (): Promise<number> => {
    const [rows] = await admin.query<RowDataPacket[]>('SELECT count(*) AS n FROM sess_session');
    return Number(rows[0]?.['n']);
  };

  it('writes nothing when its connection is killed in the middle of a transaction', async () => {
    const pool = createPool({ uri: server.url, connectionLimit: 1 });
    const sessions = engineOn(mysqlStore(pool, { timeout: '10s' }));
    const held: PoolConnection = await admin.getConnection();
    await held.query('START TRANSACTION');
    await held.query('SELECT * FROM sess_subject FOR UPDATE');
    const before = await count();
    const [[own]] = await pool.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    const waiting = sessions.create({ subject: 'ada' }).catch((error: unknown) => error);
    await expect
      .poll(
        async () => {
          const [rows] = await admin.query<RowDataPacket[]>(
            "SELECT count(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'",
          );
          return Number(rows[0]?.['n']);
        },
        // The table is a copy, which is not renewed while it is read every 100 ms.
        { interval: 200, timeout: 10_000 },
      )
      .toBe(1);
    await admin.query(`KILL ${Number(own?.['id'])}`);
    expect(await waiting).toBeInstanceOf(StoreUnavailableError);
    await held.query('ROLLBACK');
    held.release();
    expect(await count()).toBe(before);
    await sessions.create({ subject: 'ada' });
    expect(await count()).toBe(before + 1);
    await pool.end();
  });

  it('reports a pool that was ended', async () => {
    const pool = createPool({ uri: server.url });
    const sessions = engineOn(mysqlStore(pool));
    await pool.end();
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
  });
});
