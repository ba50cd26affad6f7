export type * from './augmentation.js';
export { sessionErrors, sessionMiddleware } from './middleware.js';
export { requireSession, type SessionHandler, type SessionRequestOf } from './require-session.js';
