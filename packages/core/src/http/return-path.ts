import type { Exchange } from './exchange.js';

/** A longer `Location` is cut off by some servers and proxies. */
const MAX_LENGTH = 1_500;
/** Any origin that no application has: only relative references stay on it. */
const DUMMY_ORIGIN = 'http://return.invalid';

/**
 * Returns `text` if it is a path on this site, with its query and fragment; otherwise `undefined`. For the parameter
 * `return_to` of a sign-in page: a page of another site must not be able to choose where its visitor goes next.
 */
export function safeReturn(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  // Browsers read a backslash as a slash, and drop tabs and line breaks before they parse.
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(text)) return undefined;
  // "/.//evil.example" becomes a path that starts with two slashes, which names a host.
  return new URL(text, DUMMY_ORIGIN).pathname.startsWith('//') ? undefined : text;
}

/**
 * Returns the `Location` of a redirect to a sign-in page. The path of a page that was asked for is added as
 * `return_to`; that of a form is not, because it cannot be sent again.
 */
export function signInLocation(redirectTo: string, exchange: Exchange): string {
  const { method, query, requestedPath: path = exchange.path } = exchange;
  if (method !== 'GET' && method !== 'HEAD') return redirectTo;
  const target = query === '' ? path : `${path}?${query}`;
  if (safeReturn(target) === undefined) return redirectTo;
  const separator = redirectTo.includes('?') ? '&' : '?';
  const location = `${redirectTo}${separator}return_to=${encodeURIComponent(target)}`;
  return location.length > MAX_LENGTH ? redirectTo : location;
}
