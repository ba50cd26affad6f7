export type { GuardedEnv, SessionEnv, SessionVariables } from './context.js';
export { sessionErrors } from './errors.js';
export { type SessionMiddlewareOptions, sessionMiddleware } from './middleware.js';
export { requireSession } from './require-session.js';
