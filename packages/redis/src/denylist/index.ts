export type { RedisDenylistOptions } from './options.js';
export { redisDenylist } from './redis-denylist.js';
