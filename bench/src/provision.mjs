// Servers and clients of the bench. The servers are separate ones, because the bench flushes them.
import { fileURLToPath } from 'node:url';
import { failFast, failFastCluster } from '@sess/redis';
import { findServerBinary, startRedisCluster, startRedisServer } from '@sess/test-servers';
import { Cluster, Redis } from 'ioredis';
import { createClient } from 'redis';

// The folder that the tests use.
const CACHE = fileURLToPath(new URL('../../.cache/servers', import.meta.url));

// A bench may wait; a verdict of the fail-fast settings on a busy machine would only end it.
const PATIENCE = { commandTimeout: 30_000 };

export async function findBinary(report) {
  return findServerBinary({ flavour: 'redis', cacheDir: CACHE, report });
}

/** A fresh server with a client of each kind. */
export async function openServer(binary) {
  const server = await startRedisServer({ binary });
  const ioredis = await openIoredis(server.url);
  const nodeRedis = await openNodeRedis(server.url);
  return {
    url: server.url,
    ioredis,
    nodeRedis,
    async close() {
      ioredis.disconnect();
      nodeRedis.destroy();
      await server.stop();
    },
  };
}

/** A server that can be killed and started again, without clients. */
export async function openRestartable(binary, config) {
  const server = await startRedisServer({ binary, config });
  return { ...server, close: () => server.stop() };
}

export function openIoredis(url) {
  return whenReady(new Redis(url, { ...failFast, ...PATIENCE }));
}

export async function openNodeRedis(url) {
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Masters without replicas: with them the machine would be busy copying. */
export async function openCluster(binary, masters) {
  // A single node has no neighbour from which it could learn its address.
  const config = { 'cluster-announce-ip': '127.0.0.1' };
  const options = { masters, replicas: 0, nodeTimeoutMs: 5_000, config };
  const cluster = await startRedisCluster({ binary, ...options });
  const nodes = cluster.endpoints.map(({ host, port }) => ({ host, port }));
  const ioredis = await openClusterClient(nodes);
  return {
    nodes,
    ioredis,
    async close() {
      ioredis.disconnect();
      await cluster.stop();
    },
  };
}

export function openClusterClient(nodes) {
  const redisOptions = { ...failFastCluster.redisOptions, ...PATIENCE };
  return whenReady(new Cluster(nodes, { ...failFastCluster, redisOptions }));
}

function whenReady(client) {
  client.on('error', () => {});
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.disconnect();
      reject(new Error('the client was not ready within 15 s'));
    }, 15_000);
    client.once('ready', () => {
      clearTimeout(timer);
      resolve(client);
    });
  });
}
