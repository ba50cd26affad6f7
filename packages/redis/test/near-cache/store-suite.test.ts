import {
  openStandalone,
  type RedisCluster,
  requireServer,
  type StandaloneServer,
  sleep,
  startRedisCluster,
  startRedisServer,
} from '@sess/test-servers';
import { type StoreHarness, storeSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { CLIENTS, CLUSTER_CLIENTS, type OpenClient } from '../clients.js';
import { openStore } from './help.js';

const servers = inject('servers');
let run = 0;

/** A store whose near cache is up: else the suite would test the store beneath once more. */
async function makeStore(client: OpenClient): Promise<StoreHarness> {
  run += 1;
  const { store, insert, cached } = openStore(client.client, {
    keyPrefix: `near-${process.pid}-${run}:`,
  });
  const { sid } = await insert('somebody else');
  await cached(sid);
  return {
    store,
    passTime: sleep,
    async close() {
      await store.close();
      await client.close();
    },
  };
}

/** Each way to a server, and each kind of client, once: what is left out is tested without a near cache. */
function describeServer(
  name: string,
  clients: readonly string[],
  start: () => Promise<StandaloneServer>,
): void {
  describe(name, () => {
    let server: StandaloneServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    for (const [client, open] of Object.entries(CLIENTS)) {
      if (!clients.includes(client)) continue;
      storeSuite(`near cache on ${name} through ${client}`, async () =>
        makeStore(await open(server.url)),
      );
    }
  });
}

describeServer('Redis', ['ioredis 6', 'node-redis 6'], () => openStandalone(servers));

const { valkey } = servers;
describe.skipIf(valkey.binary === undefined)(
  valkey.binary === undefined
    ? `Valkey (not to be had here: ${valkey.missing.split('\n')[0]})`
    : 'Valkey',
  () =>
    describeServer('Valkey', ['iovalkey'], () =>
      startRedisServer({ binary: requireServer(valkey) }),
    ),
);

describe('a Cluster of three masters and three replicas', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ binary: requireServer(servers.redis) });
  }, 60_000);
  afterAll(() => cluster?.stop());

  for (const [client, open] of Object.entries(CLUSTER_CLIENTS)) {
    if (client !== 'ioredis 6') continue;
    storeSuite(`near cache on a Cluster through ${client}`, async () =>
      makeStore(await open(cluster.endpoints)),
    );
  }
});
