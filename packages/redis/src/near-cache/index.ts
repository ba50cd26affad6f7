export { withNearCache } from './near-cache.js';
export type { NearCacheOptions } from './options.js';
