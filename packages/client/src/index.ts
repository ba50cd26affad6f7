export { createClient } from './client.js';
export { SessionClientError } from './renewal.js';
export type {
  ClientOptions,
  ListedSession,
  Platform,
  RefreshTokenStorage,
  SessionClient,
  TokenResponse,
} from './types.js';
