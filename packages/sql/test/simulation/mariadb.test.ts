import { simulationSuite } from '@sess/simulation';
import { mysqlStore } from '@sess/sql/mysql';
import { type MariadbServer, startMariadb } from '@sess/test-servers';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';
import { NOW } from '../../src/mysql/schema.js';
import type { Row } from '../../src/store/dialect.js';
import { afterReady, RUNS, replaceClock } from './help.js';

describe('on a server', () => {
  let server: MariadbServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await startMariadb();
    pool = createPool({ uri: server.url });
    await mysqlStore(pool).migrate();
  }, 180_000);
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  simulationSuite(
    'MariaDB',
    {
      makeStore(clock) {
        const toSimulated = replaceClock(NOW, clock, String);
        type Client = Pick<Pool, 'query'>;
        const queryOn =
          (client: Client) =>
          async (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
            const [rows] = await client.query(toSimulated(text), [...values]);
            return Array.isArray(rows) ? (rows as readonly Row[]) : [];
          };
        const store = mysqlStore({
          query: queryOn(pool),
          async transaction(work) {
            const connection = await pool.getConnection();
            try {
              await connection.query('START TRANSACTION');
              const result = await work(queryOn(connection));
              await connection.query('COMMIT');
              return result;
            } finally {
              connection.release();
            }
          },
        });
        const tables = ['session', 'subject', 'mark'].map((part) =>
          pool.query(`DELETE FROM sess_${part}`),
        );
        return afterReady(store, Promise.all(tables));
      },
    },
    { runs: RUNS },
  );
});
