export { withNearCache } from './near-cache.js';
