export type { Adoption, OldCredential } from './adoption.js';
export type {
  BoundRequest,
  BoundRoute,
  BoundSessions,
  BoundSettings,
  RequestClass,
  TokenOperations,
} from './bound.js';
export {
  type CacheChoice,
  cacheOverrides,
  type Exchange,
  mergeSetCookie,
  mergeVary,
  type Reply,
} from './exchange.js';
export type { RequestFace } from './face.js';
export { createGuard, type GuardOptions, isRequestSession } from './guard.js';
export { createSessionHttp, type SessionHttp } from './handler.js';
export { createMistake } from './mistakes.js';
export {
  applyCaching,
  beforeHead,
  changeHead,
  headerLines,
  readAuthorization,
  readJsonBody,
} from './node.js';
export { assertSessions, type HttpOptions, type SessionsFor } from './options.js';
export { replyToError } from './problem.js';
export {
  pathOf,
  readBodyText,
  WebExchange,
  type WebHeaders,
  type WebRequestLine,
} from './web.js';
