export type { NearCacheOptions } from '@sess/core/internal';
export { failFast, failFastCluster, failFastNodeRedis } from './client/fail-fast.js';
export type { RedisClient, RedisPort } from './client/port.js';
export type { RedisDenylistOptions } from './denylist/options.js';
export { redisDenylist } from './denylist/redis-denylist.js';
export { type RedisStoreOptions, redisStore } from './redis-store.js';
