export { type AccessTokens, opaque } from './access-tokens.js';
export {
  InvalidDataError,
  isSessError,
  SessError,
  type SessErrorCode,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
} from './errors.js';
export { parseBearer } from './http/bearer.js';
export type {
  RequestGuest,
  RequestSession,
  StartInput,
  TokenResponse,
} from './http/request-session.js';
export { safeReturn } from './http/return-path.js';
export { AAL1, AAL2, AAL3 } from './lifetimes.js';
export type { SessionsOptions } from './options.js';
export { configureSessions, createSessions, getSessions } from './sessions.js';
export { memoryStore } from './store/memory-store.js';
export type {
  CreateInput,
  Device,
  Guest,
  GuestPatch,
  Issued,
  IssuedGuest,
  Lifetimes,
  OneTimeValue,
  PresentedTokens,
  PresentResult,
  RefreshResult,
  Register,
  RegisteredData,
  RegisteredOnce,
  RejectionReason,
  RevokeCause,
  Session,
  SessionEvent,
  Sessions,
  VerifyResult,
} from './types.js';
export type { Clock } from './util/clock.js';
export type { StandardSchema } from './util/json.js';
export { type Logger, messageFirst } from './util/logger.js';
export { type Duration, readDuration } from './util/options.js';
