export type { ScriptStoreOptions } from '../options.js';
export type { RedisSessionStore } from '../replayable-store.js';
export { scriptStore } from './script-store.js';
