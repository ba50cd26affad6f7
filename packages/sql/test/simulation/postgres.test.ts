import { simulationSuite } from '@sess/simulation';
import { postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, startPostgres } from '@sess/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import type { PostgresPort } from '../../src/postgres/port.js';
import { NOW } from '../../src/postgres/schema.js';
import { afterReady, RUNS, replaceClock } from './help.js';

describe('on a server', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url });
    await postgresStore(pool).migrate();
  }, 60_000);
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  simulationSuite(
    'PostgreSQL',
    {
      makeStore(clock) {
        const toSimulated = replaceClock(NOW, clock, (now) => `${now}::bigint`);
        const port: PostgresPort = {
          query: async ({ text }, values) =>
            (await pool.query(toSimulated(text), [...values])).rows,
          async batch(statements) {
            const client = await pool.connect();
            try {
              let rows: readonly Record<string, unknown>[] = [];
              await client.query('BEGIN');
              for (const [{ text }, values] of statements) {
                rows = (await client.query(toSimulated(text), [...values])).rows;
              }
              await client.query('COMMIT');
              return rows;
            } finally {
              client.release();
            }
          },
        };
        const store = postgresStore(port);
        const ready = pool.query('TRUNCATE sess_session, sess_subject, sess_mark');
        return afterReady(store, ready);
      },
    },
    { runs: RUNS },
  );
});
