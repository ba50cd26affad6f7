export { type AccessTokens, opaque } from './access-tokens.js';
export type {
  Authentication,
  CreateInput,
  ElevateInput,
  GuestPatch,
  Lifetimes,
  PresentedTokens,
  Sessions,
} from './engine.js';
export {
  InvalidDataError,
  isSessError,
  SessError,
  type SessErrorCode,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
} from './errors.js';
export type { RevokeCause, SessionEvent } from './events.js';
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
  Device,
  Guest,
  Issued,
  IssuedGuest,
  OneTimeValue,
  PresentResult,
  RefreshResult,
  Register,
  RegisteredData,
  RegisteredOnce,
  RejectionReason,
  Session,
  SessionBinding,
  VerifyResult,
} from './types.js';
export type { Clock } from './util/clock.js';
export type { StandardSchema } from './util/json.js';
export { type Logger, messageFirst } from './util/logger.js';
export { type Duration, readDuration } from './util/options.js';
