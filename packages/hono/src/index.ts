export { sessionErrors } from './errors.js';
export { type SessionMiddlewareOptions, sessionMiddleware } from './middleware.js';
export { requireSession } from './require-session.js';
export type { GuardedEnv, SessionEnv, SessionVariables } from './variables.js';
