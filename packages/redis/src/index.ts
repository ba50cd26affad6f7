export { failFast, failFastCluster } from './client/client-settings.js';
export type {
  IoredisLike,
  NodeRedisClusterLike,
  NodeRedisLike,
  RedisClient,
  RedisPort,
} from './client/redis-port.js';
export type { RedisDenylistOptions } from './denylist/options.js';
export { redisDenylist } from './denylist/redis-denylist.js';
export type { NearCacheOptions } from './near-cache/options.js';
export type { RedisStoreOptions } from './options.js';
export { redisStore } from './redis-store.js';
