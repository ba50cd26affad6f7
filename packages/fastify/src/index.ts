export type * from './augmentation.js';
export { sessionErrors } from './errors.js';
export { type SessionPluginOptions, sessionMiddleware, sessionPlugin } from './plugin.js';
export { type GuardedRequest, requireSession, type SessionHandler } from './require-session.js';
