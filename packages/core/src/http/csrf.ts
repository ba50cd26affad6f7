import { UsageError } from '../errors.js';
import { assertKnown, formatShort } from '../util/options.js';
import type { Exchange } from './exchange.js';

/** Who may send unsafe requests that ride on the cookie. */
export interface CsrfOptions {
  /** Default: `false`. `true` trusts every subdomain of the site, user content on them included. */
  readonly allowSameSite?: boolean;
  /** Other origins to trust, each as browsers write it: `'https://app.example.com'`. Default: none. */
  readonly origins?: readonly string[];
}

/** Whether a request may act on the cookie it carries. */
export type CsrfCheck = (exchange: Exchange) => boolean;

/** Methods without effect (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** host [ ":" port ] (RFC 9110, section 7.2), of names, addresses and nothing that URL would read otherwise. */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
/** As in `capacitor://localhost`. */
const OF_AN_APP = /^(?!file:|data:|blob:|about:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+(?::\d+)?$/;
const KNOWN: ReadonlySet<string> = new Set<keyof CsrfOptions>(['allowSameSite', 'origins']);

/** What the answer depends on, for `Vary`. */
export const CSRF_VARY = 'Sec-Fetch-Site, Origin';

/**
 * Tells by what browsers say of a request's source: `Sec-Fetch-Site` (W3C Fetch Metadata, section 2.3), and
 * `Origin` (RFC 6454, section 7) where that is missing. Programs that are no browser send neither, hold no
 * ambient cookie, and pass. No token in forms is needed.
 *
 * @throws UsageError `invalid_option`
 */
export function createCsrfCheck(options: CsrfOptions = {}): CsrfCheck {
  assertKnown('csrf', options, KNOWN);
  const { allowSameSite = false, origins = [] } = options;
  if (typeof allowSameSite !== 'boolean') {
    throw new UsageError('invalid_option', 'csrf.allowSameSite: write true or false.');
  }
  if (!Array.isArray(origins)) {
    throw new UsageError(
      'invalid_option',
      "csrf.origins: write a list, as in ['https://app.example.com'].",
    );
  }
  const trusted = new Set(Array.from(origins as readonly unknown[], assertOrigin));
  const allowedSites = new Set(['same-origin', 'none', ...(allowSameSite ? ['same-site'] : [])]);

  return (exchange) => {
    if (SAFE.has(exchange.method)) return true;
    const site = exchange.header('sec-fetch-site');
    const origin = exchange.header('origin');
    if (origin !== undefined && trusted.has(origin)) return true;
    if (site !== undefined) return allowedSites.has(site);
    return origin === undefined || isOwnOrigin(origin, exchange);
  };
}

/**
 * Compares hosts, and the scheme when this side is known to be HTTPS: behind a proxy that ends TLS a
 * request looks like plain HTTP although its page was not.
 */
function isOwnOrigin(origin: string, { protocol, host }: Exchange): boolean {
  if (host === undefined || !HOST.test(host) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.protocol !== 'https:' && (page.protocol !== 'http:' || protocol === 'https'))
    return false;
  return page.host === new URL(`${page.protocol}//${host}`).host;
}

function assertOrigin(origin: unknown): string {
  const parsed = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined;
  if (parsed !== undefined && parsed.origin === origin && !origin.includes('*')) return origin;
  // Apps in a web view have origins of schemes of their own, which URL leaves opaque.
  if (parsed?.origin === 'null' && OF_AN_APP.test(parsed.href)) return parsed.href;
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  const instead =
    isWeb && !parsed.hostname.includes('*') ? parsed.origin : 'https://app.example.com';
  throw new UsageError(
    'invalid_option',
    `csrf.origins: ${formatShort(origin)} is not an origin. Write scheme, host and port as browsers do, as in '${instead}'.`,
  );
}
