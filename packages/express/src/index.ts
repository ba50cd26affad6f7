export type * from './augmentation.js';
export { sessionErrors, sessionMiddleware } from './middleware.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
