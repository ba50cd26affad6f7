import { postgresStore } from '@sess/sql/postgres';
import { sleep } from '@sess/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../../../test/history/bundle-worker.js';
import { bundleSqlWorker, disturbDatabase, PATIENCE, runSqlHistory, standStill } from './help.js';
import { type PostgresPair, startPostgresPair } from './postgres-pair.js';

describe('a history of several processes on PostgreSQL with a streaming replica', () => {
  let pair: PostgresPair;
  let bundle: Bundle;
  beforeAll(async () => {
    [pair, bundle] = await Promise.all([startPostgresPair(), bundleSqlWorker()]);
    const pool = new pg.Pool({ connectionString: pair.url });
    await postgresStore(pool).migrate();
    await pool.end();
  }, 180_000);
  afterAll(async () => {
    await Promise.all([pair?.stop(), bundle?.remove()]);
  });

  it(
    'keeps what was promised while the server dies, stands still, and is replaced by a replica that lacks writes',
    async () => {
      const { violations, unknowns } = await runSqlHistory({
        name: 'PostgreSQL',
        bundle,
        config: { dialect: 'postgres', address: pair.url },
        startNemesis: (given) =>
          disturbDatabase(given, {
            crash: async (prng) => {
              await pair.primary().kill('SIGKILL');
              await sleep(prng.between(0, 1_000));
              await pair.primary().restart();
              return undefined;
            },
            'short silence': (prng) => standStill(pair.primary(), prng.between(500, 800)),
            'long silence': (prng) => standStill(pair.primary(), prng.between(1_500, 3_000)),
            'cut connections': async () => {
              pair.cut();
              return undefined;
            },
            'planned failover': async () => {
              await pair.handOver();
              return undefined;
            },
            'failover that loses writes': (prng) => pair.loseWrites(prng.between(300, 900)),
          }),
      });
      expect(violations).toBe('');
      expect(unknowns, 'calls without a result after the last disturbance').toEqual([]);
    },
    PATIENCE,
  );
});
