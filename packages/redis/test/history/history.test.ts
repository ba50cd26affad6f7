import { randomInt } from 'node:crypto';
import { type RedisCluster, requireServer, startRedisCluster } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { type Bundle, bundleWorker } from '../../../../test/history/bundle-worker.js';
import type { Tolerance } from '../../../../test/history/history.js';
import { runHistory } from '../../../../test/history/run-history.js';
import { startNemesis } from './nemesis.js';
import { type Shards, watchShards } from './shards.js';
import type { WorkerConfig } from './worker.js';

/** Thirty at full scale; in fewer than eight no node would die, come back and be found out. */
const SECONDS = Math.max(8, scaled(30));
const SEED = Number(process.env['SESS_HISTORY_SEED'] ?? randomInt(2 ** 31));

const SUBJECTS = 24;
const KEY_PREFIX = 'history:';
/** Shorter than the outages, so that clients come back after their grace; longer than a call. */
const GRACE = '5s';
/** No lag: a disturbance is counted from a moment up to which the replica has everything. */
const TOLERANCE: Tolerance = { lag: 0, revival: 5_000, margin: 1_500, timeout: 1_000 };

describe('a history of several processes on a Cluster whose nodes die, fall silent and change places', () => {
  let cluster: RedisCluster;
  let bundle: Bundle;
  let shards: Shards;
  beforeAll(async () => {
    const binary = requireServer(inject('servers').redis);
    const entry = new URL('worker.ts', import.meta.url);
    [cluster, bundle] = await Promise.all([startRedisCluster({ binary }), bundleWorker({ entry })]);
    shards = await watchShards(cluster, KEY_PREFIX);
  }, 60_000);
  afterAll(async () => {
    await shards?.stop();
    await Promise.all([cluster?.stop(), bundle?.remove()]);
  });

  test(
    'keeps what was promised',
    async () => {
      const subjects = new Map<string, number>();
      for (let n = 1; n <= SUBJECTS; n += 1) {
        subjects.set(`user-${n}`, await shards.shardOf(`user-${n}`));
      }
      const { endpoints } = cluster;
      const config: WorkerConfig = { endpoints, keyPrefix: KEY_PREFIX, grace: GRACE };
      const { violations, unknowns } = await runHistory({
        name: 'a Redis Cluster',
        seed: SEED,
        seconds: SECONDS,
        worker: { file: bundle.file, config },
        workers: 3,
        subjects,
        rate: 320,
        tolerance: TOLERANCE,
        startNemesis: (prng) => startNemesis(cluster, shards, prng),
      });
      expect(violations).toBe('');
      expect(unknowns, 'calls without a result after the cluster was whole again').toEqual([]);
    },
    SECONDS * 1_000 + 120_000,
  );
});
