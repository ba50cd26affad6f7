// What can be shown without a server: that the types of a client fit, and what a server that is away does.
import { createSessions, StoreUnavailableError } from '@sess/core';
import { failFast, failFastCluster, type RedisPort, redisDenylist, redisStore } from '@sess/redis';
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
  expect(error instanceof StoreUnavailableError, 'it says that the store is not to be had');
}
await sessions.close();
redis.disconnect();

const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], {
  ...failFastCluster,
  redisOptions: { ...failFastCluster.redisOptions, lazyConnect: true },
  lazyConnect: true,
});
expect(typeof redisDenylist(cluster).isDenied === 'function', 'a cluster will do');
const port: RedisPort = { isCluster: false, send: async () => null };
expect(typeof redisStore(port, { keyPrefix: 'x:' }).load === 'function', 'and so will a port');
cluster.disconnect();
