export type * from './augmentation.js';
export { sessionErrors } from './errors.js';
export { type SessionMiddlewareOptions, sessionMiddleware } from './plugin.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
