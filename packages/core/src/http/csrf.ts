import { oneOf, option, optionError, type Readers, readOptions } from '../util/options.js';
import type { Exchange } from './exchange.js';

/** Which pages may send unsafe requests with the refresh cookie, beside those of the same origin. */
export interface CsrfOptions {
  /** Whether all subdomains of the site are trusted, with the user content on them. Default: `false`. */
  readonly allowSameSite?: boolean;
  /** Other trusted origins, each as browsers write it: `'https://app.example.com'`. Default: none. */
  readonly origins?: readonly string[];
}

/** True if a request may use the cookie that it carries. `isStrict`: safe methods are checked, too. */
export type CsrfCheck = (exchange: Exchange, isStrict?: boolean) => boolean;

/** True if the method has no effect, so that a page of another site may send it with the cookie. */
export function isSafeMethod(method: string): boolean {
  return SAFE.has(method);
}

/** Methods without effect (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Values of `Sec-Fetch-Site`: of this origin, or by the user, who typed the address. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);
/** host [ ":" port ] (RFC 9110, section 7.2), without characters that `URL` would interpret. */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
/** For instance `capacitor://localhost`. */
const APP_ORIGIN = /^(?!file:|data:|blob:|about:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+(?::\d+)?$/;

const OPTIONS = {
  allowSameSite: oneOf(false, true),
  origins: option<readonly unknown[]>({
    expected: "an array such as ['https://app.example.com']",
    accepts: Array.isArray,
    default: () => [],
  }),
} satisfies Readers<CsrfOptions>;

/** The request headers that the response depends on, for `Vary`. */
export const CSRF_VARY = 'Sec-Fetch-Site, Origin';

/**
 * Creates the check of a request's source, by `Sec-Fetch-Site` (W3C Fetch Metadata, section 2.3), and by `Origin`
 * (RFC 6454, section 7) if that is missing. Other programs than browsers send neither header and pass: they send a
 * cookie only by intent. Forms need no token.
 *
 * @throws {UsageError} `invalid_option`
 */
export function createCsrfCheck(options: CsrfOptions = {}): CsrfCheck {
  const { allowSameSite, origins } = readOptions('csrf', options, OPTIONS, 'csrf.');
  const trusted: ReadonlySet<string | undefined> = new Set(Array.from(origins, assertOrigin));

  return (exchange, isStrict = false) => {
    if (SAFE.has(exchange.method) && !isStrict) return true;
    const site = exchange.header('sec-fetch-site');
    const origin = exchange.header('origin');
    if (trusted.has(origin)) return true;
    if (site !== undefined) return OWN_SITES.has(site) || (allowSameSite && site === 'same-site');
    return origin === undefined || isOwnOrigin(origin, exchange);
  };
}

/**
 * Compares hosts, and the scheme if this side is known to be HTTPS: behind a proxy that ends TLS, a request looks like
 * plain HTTP although its page was not.
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
  // Apps in a web view have origins with private schemes, which `URL` reports as opaque.
  if (parsed?.origin === 'null' && APP_ORIGIN.test(parsed.href)) return parsed.href;
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  const instead =
    isWeb && !parsed.hostname.includes('*') ? parsed.origin : 'https://app.example.com';
  throw optionError({
    option: 'csrf.origins',
    expected: `an origin such as '${instead}'`,
    value: origin,
    repair: 'Write scheme, host and port as browsers do.',
  });
}
