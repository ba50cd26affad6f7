import { toVerifyAtOnce, type VerifyAtOnce } from '../at-once.js';
import { UsageError } from '../errors.js';
import type { RegisteredData, Sessions } from '../types.js';
import { assertKnown, formatShort } from '../util/options.js';
import { type CookieOptions, createRefreshCookie, type RefreshCookie } from './cookie.js';
import { type CsrfCheck, type CsrfOptions, createCsrfCheck } from './csrf.js';

/** How sessions appear on the wire; the same for every adapter. */
export interface HttpOptions {
  /** Where the session routes are. Default: `'/session'`. */
  readonly basePath?: string;
  /**
   * Which routes are mounted. Default: `'default'`, which is refresh and logout; `'all'` adds the list of
   * devices and its likes; `'none'` mounts nothing.
   */
  readonly routes?: 'default' | 'all' | 'none';
  /** How the refresh cookie is written. Default: `__Host-sess`, with every safe attribute. */
  readonly cookie?: CookieOptions;
  /** Which other origins may act on the cookie. Default: none. */
  readonly csrf?: CsrfOptions;
  /**
   * Where the refresh token travels. Default: `'cookie'`. `'body'` is for clients without cookies: the
   * token goes in and out as `refresh_token` in JSON, and no cookie is read or set. Never choose it for pages:
   * a script on the page could then read the token.
   */
  readonly refreshTransport?: 'cookie' | 'body';
  /**
   * What becomes of a request with credentials while the store fails. Default: `'fail'`, a 503. With
   * `'anonymous'` it goes on without a session, so that public pages stay up and guarded ones answer 401.
   */
  readonly onStoreError?: 'fail' | 'anonymous';
  /**
   * Whether `GET /.well-known/jwks.json` answers the public keys of the engine's tokens, for services that verify by
   * themselves. Default: `false`. With an engine that has none, because its keys are secrets, it answers 404.
   */
  readonly jwks?: boolean;
}

/** The options once validated and defaulted, with the engine they apply to. */
export interface Protocol<Data extends object = RegisteredData> {
  readonly sessions: Sessions<Data>;
  /** Of `sessions`. */
  readonly verify: VerifyAtOnce<Data>;
  readonly basePath: string;
  readonly routes: 'default' | 'all' | 'none';
  /** Where what `refresh` takes travels: `'bearer'` when it is the access token itself. */
  readonly transport: 'cookie' | 'body' | 'bearer';
  /** Absent when the refresh token does not travel in one. */
  readonly cookie: RefreshCookie | undefined;
  readonly isAllowedSource: CsrfCheck;
  readonly onStoreError: 'fail' | 'anonymous';
  readonly jwks: boolean;
}

const KNOWN: ReadonlySet<string> = new Set<keyof HttpOptions>([
  'basePath',
  'routes',
  'cookie',
  'csrf',
  'refreshTransport',
  'onStoreError',
  'jwks',
]);

const CHOICES = {
  routes: ['default', 'all', 'none'],
  refreshTransport: ['cookie', 'body'],
  onStoreError: ['fail', 'anonymous'],
} as const;

/*
 * base-path = 1*( "/" segment )                 ; RFC 3986, section 3.3: unreserved characters only
 */
const BASE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** The parts of a protocol that do not need the engine. @throws UsageError `invalid_option` */
export function resolveProtocol(
  options: HttpOptions = {},
): Omit<Protocol<never>, 'sessions' | 'verify'> {
  assertKnown('sessionMiddleware', options, KNOWN);
  const {
    basePath = '/session',
    routes = 'default',
    refreshTransport = 'cookie',
    onStoreError = 'fail',
    jwks = false,
  } = options;
  if (typeof basePath !== 'string' || !BASE_PATH.test(basePath)) {
    throw new UsageError(
      'invalid_option',
      `basePath: ${formatShort(basePath)} will not do. Write a path like '/session'.`,
    );
  }
  for (const [name, value] of Object.entries({ routes, refreshTransport, onStoreError })) {
    const choices: readonly string[] = CHOICES[name as keyof typeof CHOICES];
    if (choices.includes(value)) continue;
    throw new UsageError(
      'invalid_option',
      `${name}: ${formatShort(value)} will not do. Write ${choices.map((c) => `'${c}'`).join(' or ')}.`,
    );
  }
  if (typeof jwks !== 'boolean') {
    throw new UsageError('invalid_option', 'jwks: write true or false.');
  }
  const cookie = createRefreshCookie(options.cookie);
  return Object.freeze({
    basePath,
    routes,
    transport: refreshTransport,
    cookie: refreshTransport === 'cookie' ? cookie : undefined,
    isAllowedSource: createCsrfCheck(options.csrf),
    onStoreError,
    jwks,
  });
}

/** A protocol for an engine, whose tokens may leave no choice of transport. */
export function bindProtocol<Data extends object>(
  settings: Omit<Protocol<never>, 'sessions' | 'verify'>,
  sessions: Sessions<Data>,
): Protocol<Data> {
  const bearerOnly =
    sessions.traits.refreshedBy === 'access-token'
      ? ({ transport: 'bearer', cookie: undefined } as const)
      : {};
  return Object.freeze({ ...settings, ...bearerOnly, sessions, verify: toVerifyAtOnce(sessions) });
}
