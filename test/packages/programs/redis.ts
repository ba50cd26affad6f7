// Shows without a server that the types of the clients fit, and what happens while the server is down.
import { createSessions, StoreUnavailableError } from '@sess/core';
import { failFast, failFastCluster, type RedisPort, redisDenylist, redisStore } from '@sess/redis';
import { redisDenylist as denylistPart } from '@sess/redis/denylist';
import { withNearCache } from '@sess/redis/near-cache';
import { withReplay } from '@sess/redis/replay';
import { scriptStore } from '@sess/redis/store';
import { Cluster, Redis } from 'ioredis';
import { expect } from './expect.js';

const redis = new Redis(1, '127.0.0.1', { ...failFast, lazyConnect: true });
redis.on('error', () => {});
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const sessions = createSessions({ store: redisStore(redis), logger });
try {
  await sessions.create({ subject: 'ada' });
  expect(false, 'a sign-in fails while there is no server');
} catch (error) {
  expect(error instanceof StoreUnavailableError, 'the error is that of an unavailable store');
}
await sessions.close();
redis.disconnect();

const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], {
  ...failFastCluster,
  redisOptions: { ...failFastCluster.redisOptions, lazyConnect: true },
  lazyConnect: true,
});
expect(typeof redisDenylist(cluster).isDenied === 'function', 'a cluster is accepted');
const port: RedisPort = { isCluster: false, send: async () => null };
expect(typeof redisStore(port, { keyPrefix: 'x:' }).load === 'function', 'a port is accepted');
for (const part of [denylistPart, withNearCache, withReplay, scriptStore])
  expect(typeof part === 'function', 'every part has an entry');
cluster.disconnect();
