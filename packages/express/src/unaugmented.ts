export { getRequestSession as sessionsOf, sessionErrors, sessionMiddleware } from './middleware.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
