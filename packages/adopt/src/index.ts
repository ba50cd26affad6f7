export { type AdoptOptions, adopt } from './adopt.js';
export { type CookieSessionOptions, cookieSession } from './cookie-session.js';
export {
  type ExpressSessionOptions,
  type ExpressSessionStore,
  expressSession,
} from './express-session.js';
export { type RefreshTableOptions, refreshTable } from './refresh-table.js';
export type { AdoptSource, OldCookies, OldRequest, OldSession } from './source.js';
