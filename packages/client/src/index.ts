export { createClient } from './client.js';
export { SessionClientError } from './renewal.js';
export type {
  ClientOptions,
  ListedSession,
  Platform,
  RefreshTokenStorage,
  SessionChange,
  SessionClient,
  TokenResponse,
} from './types.js';
