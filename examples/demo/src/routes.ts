import type { Reply } from '@sess/core/http';
import { problemReply } from './problem.js';

/** The routes of the demo, with their `Allow` headers. */
const ALLOW: Readonly<Record<string, string>> = {
  '/': 'GET, HEAD',
  '/login': 'POST',
  '/public': 'GET, HEAD',
  '/me': 'GET, HEAD, PATCH',
  '/devices': 'GET, HEAD',
  '/reauth': 'POST',
  '/transfer': 'POST',
};

/** Headers of every response: responses are personal, and their type must not be guessed. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

/** Returns the reply to a request without a route. */
export function replyToUnmatched(path: string): Reply {
  const allow = Object.hasOwn(ALLOW, path) ? ALLOW[path] : undefined;
  return allow === undefined
    ? problemReply('not_found')
    : problemReply('method_not_allowed', { Allow: allow });
}
