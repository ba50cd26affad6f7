export { getRequestSession as sessionsOf } from './attach.js';
export { sessionErrors, sessionMiddleware } from './middleware.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
