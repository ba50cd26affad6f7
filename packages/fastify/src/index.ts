export type * from './augmentation.js';
export { sessionErrors } from './errors.js';
export { type SessionPluginOptions, sessionMiddleware, sessionPlugin } from './plugin.js';
export { requireSession, type SessionHandler, type SessionRequestOf } from './require-session.js';
