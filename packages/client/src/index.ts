export { createClient } from './client.js';
export type { Environment, Message, Tabs } from './environment.js';
export { SessionClientError } from './errors.js';
export type { TokenResponse } from './held-token.js';
export type { ClientOptions, ListedSession, RefreshTokenStorage, SessionClient } from './types.js';
