import { type RedisCluster, requireServer, startRedisCluster } from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { CLUSTER_CLIENTS } from '../clients.js';
import { makeDenylist } from './help.js';

describe('a Cluster of three masters and three replicas', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
  }, 60_000);
  afterAll(() => cluster?.stop());

  for (const [client, open] of Object.entries(CLUSTER_CLIENTS)) {
    denylistSuite(`Cluster through ${client}`, async () =>
      makeDenylist(await open(cluster.endpoints), false),
    );
    if (client !== 'ioredis 6') continue;
    denylistSuite(`near cache on a Cluster through ${client}`, async () =>
      makeDenylist(await open(cluster.endpoints), true),
    );
  }
});
