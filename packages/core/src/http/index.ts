export { type BearerCredentials, parseBearer, readBearer } from './bearer.js';
export type { CookieOptions } from './cookie.js';
export type { CsrfOptions } from './csrf.js';
export { assertSessions, type SessionsFor } from './engine.js';
export { type Exchange, mergeSetCookie, mergeVary, type Reply } from './exchange.js';
export { createGuard, type Guard, type GuardOptions } from './guard.js';
export {
  headerLines,
  type NodeRequestBody,
  type NodeRequestHead,
  readAuthorization,
  readJsonBody,
} from './node-request.js';
export { type ProblemCode, problemReply, replyToError } from './problem.js';
export type { HttpOptions } from './protocol.js';
export type { SessionRoute } from './routes.js';
export { createSessionHttp, type SessionHttp } from './session-http.js';
export { type RequestSession, SessionRequest } from './session-request.js';
export type { TokenResponse } from './token-response.js';
