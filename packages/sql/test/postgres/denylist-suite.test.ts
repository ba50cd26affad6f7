import { postgresDenylist } from '@sess/sql/postgres';
import { type PostgresServer, sleep, startPostgres } from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';

let run = 0;

describe('PostgreSQL', () => {
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

  denylistSuite('PostgreSQL through pg', async () => {
    run += 1;
    const table = `deny_${run}`;
    const denylist = postgresDenylist(pool, { table });
    await denylist.migrate();
    return {
      denylist,
      now: Date.now,
      passTime: sleep,
      async lose() {
        await pool.query(`TRUNCATE ${table}_watermark, ${table}_denial`);
      },
      async countDenials(tag) {
        const { rows } = await pool.query(
          `SELECT count(*)::int AS n FROM ${table}_denial WHERE tag = $1 AND id NOT LIKE 'o:%'`,
          [tag],
        );
        return rows[0].n;
      },
      close: () => denylist.close(),
    };
  });
});
