export {
  type Next,
  requireSession,
  sessionErrors,
  sessionMiddleware,
  sessionsOf,
} from './middleware.js';
