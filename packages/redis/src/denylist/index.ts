export { redisDenylist } from './redis-denylist.js';
