import { mysqlStore } from '@sess/sql/mysql';
import { type MariadbServer, sleep, startMariadb } from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
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

  storeSuite('MariaDB through mysql2', async () => {
    run += 1;
    const store = mysqlStore(pool, { table: `suite_${process.pid}_${run}` });
    await store.migrate();
    return { store, passTime: sleep, close: () => store.close() };
  });
});
