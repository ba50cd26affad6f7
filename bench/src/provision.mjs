// Servers and clients of the bench. Always servers of its own: it flushes them.
import { fileURLToPath } from 'node:url';
import { failFast, failFastCluster } from '@sess/redis';
import { findServerBinary, startRedisCluster, startRedisServer } from '@sess/test-servers';
import { Cluster, Redis } from 'ioredis';
import { createClient } from 'redis';

// The folder that the tests use.
const CACHE = fileURLToPath(new URL('../../.cache/servers', import.meta.url));

// A bench may wait; a verdict of the fail-fast settings on a busy machine would only end it.
const PATIENCE = { commandTimeout: 30_000 };

export async function openServer(report) {
  const binary = await findServerBinary({ flavour: 'redis', cacheDir: CACHE, report });
  const server = await startRedisServer({ binary });
  const ioredis = await whenReady(new Redis(server.url, { ...failFast, ...PATIENCE }));
  const nodeRedis = createClient({ url: server.url, disableOfflineQueue: true });
  nodeRedis.on('error', () => {});
  await nodeRedis.connect();
  return {
    binary,
    server,
    ioredis,
    nodeRedis,
    async close() {
      ioredis.disconnect();
      nodeRedis.destroy();
      await server.stop();
    },
  };
}

export async function openCluster(binary) {
  const cluster = await startRedisCluster({ binary, nodeTimeoutMs: 5_000 });
  const redisOptions = { ...failFastCluster.redisOptions, ...PATIENCE };
  const nodes = cluster.endpoints.map(({ host, port }) => ({ host, port }));
  const ioredis = await whenReady(new Cluster(nodes, { ...failFastCluster, redisOptions }));
  return {
    ioredis,
    async close() {
      ioredis.disconnect();
      await cluster.stop();
    },
  };
}

function whenReady(client) {
  client.on('error', () => {});
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.once('end', () => reject(new Error('the client ended before it was ready')));
  });
}
