export type { ReadSource, RequestSource } from './exchange.js';
export {
  createWebSessions,
  type GuardedSessions,
  type WebSessions,
  type WebSessionsOptions,
} from './web-sessions.js';
