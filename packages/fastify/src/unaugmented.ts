export { sessionErrors } from './errors.js';
export { type SessionMiddlewareOptions, sessionMiddleware } from './plugin.js';
export { getRequestState as sessionsOf } from './request-state.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
