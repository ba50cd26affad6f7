export type { NearCacheOptions } from '@sess/core/internal';
export { withNearCache } from './near-cache.js';
