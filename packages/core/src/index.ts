export { type AccessTokens, opaque } from './access-tokens.js';
export { type Clock, systemClock } from './clock.js';
export { configureSessions, getSessions } from './default-sessions.js';
export type { Duration } from './duration.js';
export {
  InvalidDataError,
  isSessError,
  SessError,
  type SessErrorCode,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
  type UsageErrorCode,
} from './errors.js';
export { parseBearer } from './http/bearer.js';
export type { RequestSession } from './http/session-request.js';
export type { TokenResponse } from './http/token-response.js';
export { type LogFields, type Logger, type MessageFirstLogger, messageFirst } from './logger.js';
export type { SessionsOptions } from './options.js';
export type { StandardSchema } from './schema.js';
export { createSessions } from './sessions.js';
export { type MemoryStoreOptions, memoryStore } from './store/memory.js';
export type { SessionStore } from './store/store.js';
export type { RandomBytes } from './token/random.js';
export type {
  CreateInput,
  Device,
  EventListener,
  Issued,
  PresentedTokens,
  RefreshResult,
  Register,
  RegisteredData,
  Rejected,
  RejectionReason,
  RevokeCause,
  Session,
  SessionEvent,
  Sessions,
  TokenTraits,
  VerifyResult,
} from './types.js';
