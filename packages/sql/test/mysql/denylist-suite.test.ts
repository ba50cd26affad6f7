import { mysqlDenylist } from '@sess/sql/mysql';
import { type MariadbServer, sleep, startMariadb } from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';

let run = 0;

describe('MariaDB', () => {
  let server: MariadbServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await startMariadb();
    pool = createPool({ uri: server.url });
  }, 180_000);
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  denylistSuite('MariaDB through mysql2', async () => {
    run += 1;
    const table = `deny_${run}`;
    const denylist = mysqlDenylist(pool, { table });
    await denylist.migrate();
    return {
      denylist,
      now: Date.now,
      passTime: sleep,
      async lose() {
        await pool.query(`DELETE FROM ${table}_watermark`);
        await pool.query(`DELETE FROM ${table}_denial`);
      },
      async countDenials(tag) {
        const text = `SELECT count(*) AS n FROM ${table}_denial WHERE tag = ? AND id NOT LIKE 'o:%'`;
        const [rows] = await pool.query(text, [tag]);
        return Number((rows as { n: number }[])[0]?.n);
      },
      close: () => denylist.close(),
    };
  });
});
