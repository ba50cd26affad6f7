export {
  type ClientOptions,
  createClient,
  type ListedSession,
  type RefreshTokenStorage,
  type SessionClient,
} from './client.js';
export type { Environment, Message, Tabs } from './environment.js';
export { SessionClientError } from './errors.js';
export type { TokenResponse } from './renewal.js';
