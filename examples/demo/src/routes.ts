import type { Reply } from '@sess/core/http';
import { problemReply } from './problem.js';

/** The examples' own routes, by what the `Allow` header says of them. */
const ALLOW: Readonly<Record<string, string>> = {
  '/': 'GET, HEAD',
  '/login': 'POST',
  '/public': 'GET, HEAD',
  '/me': 'GET, HEAD, PATCH',
  '/devices': 'GET, HEAD',
  '/reauth': 'POST',
  '/transfer': 'POST',
};

/** What every answer carries: all of them are about one person, and none is to be guessed at. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

/** The answer to a request that no route took. */
export function replyToUnmatched(path: string): Reply {
  const allow = Object.hasOwn(ALLOW, path) ? ALLOW[path] : undefined;
  return allow === undefined
    ? problemReply('not_found')
    : problemReply('method_not_allowed', { Allow: allow });
}
