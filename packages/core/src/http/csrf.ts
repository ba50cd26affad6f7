import { UsageError } from '../errors.js';
import { formatShort, oneOf, optionError, type Readers, readOptions } from '../util/options.js';
import type { Exchange } from './exchange.js';

/** Which pages may send unsafe requests with the refresh cookie, beside those of the same origin. */
export interface CsrfOptions {
  /** Whether all subdomains of the site are trusted, with the user content on them. Default: `false`. */
  readonly allowSameSite?: boolean;
  /** Other trusted origins. Default: none. */
  readonly origins?: TrustedOrigins;
}

/**
 * Origins, each as browsers write it: `'https://app.example.com'`. Or a function that gets the `Origin` header as it was
 * sent, `'null'` included, and returns whether it is trusted. It must return a boolean synchronously; if it throws, the
 * request fails with that error.
 */
export type TrustedOrigins = readonly string[] | ((origin: string) => boolean);

/** True if a request may use the cookie that it carries. */
export type CsrfCheck = (exchange: Exchange, how?: CsrfCheckOptions) => boolean;

interface CsrfCheckOptions {
  /** Whether safe methods are checked, too. Default: `false`. */
  readonly isStrict?: boolean;
  /** Trusts further origins for this request. */
  readonly trusts?: OriginCheck | undefined;
}

/** True if a page of the origin is trusted. */
export type OriginCheck = (origin: string) => boolean;

/** True if the method has no effect, so that a page of another site may send it with the cookie. */
export function isSafeMethod(method: string): boolean {
  return SAFE.has(method);
}

/** Methods without effect (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Values of `Sec-Fetch-Site`: of this origin, or by the user, who typed the address. */
const OWN_SITES: ReadonlySet<string | undefined> = new Set(['same-origin', 'none']);
/** host [ ":" port ] (RFC 9110, section 7.2), without characters that `URL` would interpret. */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
/** For instance `capacitor://localhost`. */
const APP_ORIGIN = /^(?!file:|data:|blob:|about:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+(?::\d+)?$/;

const OPTIONS = {
  allowSameSite: oneOf(false, true),
  origins: (name, value) => createOriginCheck(name, value === undefined ? [] : value),
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
  const { allowSameSite, origins: isTrusted } = readOptions('csrf', options, OPTIONS, 'csrf.');

  return (exchange, { isStrict = false, trusts } = {}) => {
    if (SAFE.has(exchange.method) && !isStrict) return true;
    const site = exchange.header('sec-fetch-site');
    const origin = exchange.header('origin');
    if (OWN_SITES.has(site) || (allowSameSite && site === 'same-site')) return true;
    if (origin === undefined) return site === undefined;
    if (isTrusted(origin) || trusts?.(origin) === true) return true;
    return site === undefined && isOwnOrigin(origin, exchange);
  };
}

/**
 * Creates the check of origins from an option.
 *
 * @throws {UsageError} `invalid_option`
 */
export function createOriginCheck(option: string, origins: unknown): OriginCheck {
  if (typeof origins === 'function') {
    return (origin) => assertVerdict(option, (origins as OriginCheck)(origin));
  }
  if (!Array.isArray(origins)) {
    throw optionError({
      option,
      expected: "an array such as ['https://app.example.com'], or a function",
      value: origins,
    });
  }
  const trusted = new Set(Array.from(origins, (origin) => assertOrigin(option, origin)));
  return (origin) => trusted.has(origin);
}

/** A promise would always be truthy. */
function assertVerdict(option: string, result: unknown): boolean {
  if (typeof result === 'boolean') return result;
  throw new UsageError(
    'invalid_argument',
    `${option}: expected the function to return true or false, got ${formatShort(result)}. Load what it needs before the request.`,
  );
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

function assertOrigin(option: string, origin: unknown): string {
  const parsed = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined;
  if (parsed !== undefined && parsed.origin === origin && !origin.includes('*')) return origin;
  // Apps in a web view have origins with private schemes, which `URL` reports as opaque.
  if (parsed?.origin === 'null' && APP_ORIGIN.test(parsed.href)) return parsed.href;
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  const instead =
    isWeb && !parsed.hostname.includes('*') ? parsed.origin : 'https://app.example.com';
  throw optionError({
    option,
    expected: `an origin such as '${instead}'`,
    value: origin,
    repair: 'Write scheme, host and port as browsers do.',
  });
}
