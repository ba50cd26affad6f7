export type * from '../augmentation.js';
export { sessionErrors } from '../middleware.js';
export type * from './augmentation.js';
export { session } from './middleware.js';
export type { SessionCookieOptions, SessionOptions } from './options.js';
export type {
  Cookie,
  Session,
  SessionCallback,
  SessionData,
  SubjectData,
} from './types.js';
