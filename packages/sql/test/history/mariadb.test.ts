import { mysqlStore } from '@sess/sql/mysql';
import {
  type MariadbServer,
  sleep,
  startMariadb,
  startTcpForwarder,
  type TcpForwarder,
} from '@sess/test-servers';
import { createPool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../../../test/history/bundle-worker.js';
import { bundleSqlWorker, disturbDatabase, PATIENCE, runSqlHistory, standStill } from './help.js';

describe('a history of several processes on one MariaDB server', () => {
  let server: MariadbServer;
  let bundle: Bundle;
  let forwarder: TcpForwarder;
  beforeAll(async () => {
    [server, bundle] = await Promise.all([startMariadb(), bundleSqlWorker()]);
    forwarder = await startTcpForwarder(server.port);
    const pool = createPool({ uri: server.url });
    await mysqlStore(pool).migrate();
    await pool.end();
  }, 180_000);
  afterAll(async () => {
    await forwarder?.close();
    await Promise.all([server?.stop(), bundle?.remove()]);
  });

  it(
    'keeps what was promised while the server dies, stands still and loses its connections',
    async () => {
      const { violations, unknowns } = await runSqlHistory({
        name: 'MariaDB',
        bundle,
        config: {
          dialect: 'mysql',
          address: server.url.replace(`:${server.port}`, `:${forwarder.port}`),
        },
        startNemesis: (given) =>
          disturbDatabase(given, {
            crash: async (prng) => {
              await server.kill('SIGKILL');
              await sleep(prng.between(0, 1_000));
              await server.restart();
              return undefined;
            },
            'short silence': (prng) => standStill(server, prng.between(500, 800)),
            'long silence': (prng) => standStill(server, prng.between(1_500, 3_000)),
            'cut connections': async () => {
              forwarder.cut();
              return undefined;
            },
          }),
      });
      expect(violations).toBe('');
      expect(unknowns, 'calls without a result after the last disturbance').toEqual([]);
    },
    PATIENCE,
  );
});
