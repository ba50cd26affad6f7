import type { Exchange } from './exchange.js';

/**
 * Destinations whose response a browser gives to a page or a script (W3C Fetch Metadata, section 2.1). Pictures, styles
 * and the like come in bursts, and their responses may be kept in caches: they do not renew a cookie.
 */
const RENEWING: ReadonlySet<string> = new Set([
  'document',
  'iframe',
  'frame',
  'fencedframe',
  'empty',
]);

const PREFETCH = /\bprefetch\b/i;

/**
 * True if the response to a request may carry a renewed cookie. A prefetch may never be shown, and a response to an
 * upgrade has no cookie.
 */
export function canRenew(exchange: Exchange): boolean {
  const purposes = `${exchange.header('sec-purpose')} ${exchange.header('purpose')}`;
  if (exchange.isReadOnly || isUpgrade(exchange) || PREFETCH.test(purposes)) return false;
  // A client without Fetch Metadata is no browser that asks for a picture.
  return RENEWING.has(exchange.header('sec-fetch-dest') ?? 'empty');
}

/** True if the request opens another protocol on its connection, such as a WebSocket (RFC 9110, section 7.8). */
export function isUpgrade(exchange: Exchange): boolean {
  return exchange.header('upgrade') !== undefined;
}

/** True if a browser asks for a page to show it, or a client without Fetch Metadata accepts HTML. */
export function isNavigation(exchange: Exchange): boolean {
  const mode = exchange.header('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  return /\btext\/html\b/i.test(exchange.header('accept') ?? '');
}
