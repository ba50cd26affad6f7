import { redisStore } from '@sess/redis';
import { type RedisCluster, requireServer, sleep, startRedisCluster } from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { CLUSTER_CLIENTS } from './clients.js';

describe('a Cluster of three masters and three replicas', () => {
  let cluster: RedisCluster;
  let run = 0;
  beforeAll(async () => {
    cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
  }, 60_000);
  afterAll(() => cluster?.stop());

  for (const [client, open] of Object.entries(CLUSTER_CLIENTS)) {
    storeSuite(`Cluster through ${client}`, async () => {
      const opened = await open(cluster.endpoints);
      run += 1;
      return {
        store: redisStore(opened.client, { keyPrefix: `suite-${run}:` }),
        passTime: sleep,
        close: opened.close,
      };
    });
  }
});
