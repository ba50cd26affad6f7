import type { Sessions } from '../engine.js';
import { UsageError } from '../errors.js';
import type { Register, RegisteredData } from '../types.js';
import type { Logger } from '../util/logger.js';
import {
  formatShort,
  oneOf,
  option,
  optionError,
  port,
  type Readers,
  readOptions,
} from '../util/options.js';
import type { Adoption } from './adoption.js';
import type { BoundSessions } from './bound.js';
import { type CookieOptions, createRefreshCookie, type RefreshCookie } from './cookie.js';
import { type CsrfCheck, type CsrfOptions, createCsrfCheck } from './csrf.js';
import type { Exchange } from './exchange.js';
import { safeReturn } from './return-path.js';

/** How sessions appear on the wire; the same options for each adapter. */
export interface HttpOptions {
  /**
   * Path prefix of the session routes, of unreserved characters (RFC 3986, section 2.3) and slashes.
   * Default: `'/session'`.
   */
  readonly basePath?: string;
  /**
   * Which routes are mounted. Default: `'default'`, which is refresh and logout. `'all'` adds the routes that list
   * and end sessions; `'none'` mounts no route.
   */
  readonly routes?: 'default' | 'all' | 'none';
  /**
   * What a request is identified by. Default: `'bearer'`, an access token. `'cookie'`: the refresh cookie itself, for
   * pages without scripts; no access token is issued. `'both'`: the cookie counts if there is no `Authorization: Bearer`.
   * A cookie is renewed at the age of the engine's `renewAfter`. Not for stateless engines.
   */
  readonly transport?: 'bearer' | 'cookie' | 'both';
  /** Where a browser is sent after it has signed out by a form. A path on this site. Default: `'/'`. */
  readonly afterLogout?: string;
  /** Attributes of the refresh cookie. Default: `__Host-sess`, with all safe attributes. */
  readonly cookie?: CookieOptions;
  /** Other origins whose pages may use the refresh cookie. Default: none. */
  readonly csrf?: CsrfOptions;
  /**
   * Where the refresh token travels. Default: `'cookie'`. `'body'` is for clients without cookies: the token is the
   * member `refresh_token` of JSON requests and responses, and no cookie is read or set. Do not use it for pages,
   * because a script on the page could then read the token.
   */
  readonly refreshTransport?: 'cookie' | 'body';
  /**
   * How a request with credentials is treated while the store fails. Default: `'fail'`, a 503. With `'anonymous'`
   * it continues without a session: public pages stay up, and guarded routes respond with 401.
   */
  readonly onStoreError?: 'fail' | 'anonymous';
  /**
   * Takes over the live sessions of another system: what `adopt` of `@sess/adopt` returns. Default: no request is looked
   * at for another credential.
   */
  readonly adopt?: Adoption;
  /** Binds sessions to a key of the client: what `dbsc` or `dpop` of `@sess/bound` returns. Default: a copied token works. */
  readonly bound?: BoundSessions;
  /**
   * Whether `GET /.well-known/jwks.json` serves the public keys of the engine's tokens. Default: `false`. It
   * responds with 404 if the engine has no public keys.
   */
  readonly jwks?: boolean;
}

/** The engine type that a middleware accepts: once a data type is registered, engines of another type do not compile. */
export type SessionsFor<Data extends object> = Register extends { data: object }
  ? Sessions<RegisteredData>
  : Sessions<Data>;

/** The options, validated and with their defaults, before the engine is known. */
export interface HttpSettings {
  readonly basePath: string;
  readonly routes: 'default' | 'all' | 'none';
  readonly transport: 'bearer' | 'cookie' | 'both';
  readonly afterLogout: string;
  /** Where the token that `refresh` takes travels: `'bearer'` if it is the access token itself. */
  readonly refreshTransport: 'cookie' | 'body' | 'bearer';
  /** Absent if the refresh token does not travel in a cookie. */
  readonly cookie: RefreshCookie | undefined;
  readonly isAllowedSource: CsrfCheck;
  readonly onStoreError: 'fail' | 'anonymous';
  readonly jwks: boolean;
  /** Absent: no other system. */
  readonly adopt: Adoption | undefined;
  /** Absent: no session is bound. */
  readonly bound: BoundSessions | undefined;
}

/** The settings with the engine that they apply to. */
export interface HttpContext<Data extends object = RegisteredData> extends HttpSettings {
  readonly sessions: Sessions<Data>;
  readonly logger: Logger;
  /** Called for each response that sets the refresh cookie. */
  readonly onCookie: (exchange: Exchange) => void;
  /** Called for each response that depends on a session cookie and that the application has made public. */
  readonly onPublic: () => void;
}

/*
 * base-path = 1*( "/" segment )                 ; RFC 3986, section 3.3: unreserved characters only
 */
const BASE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

const OPTIONS = {
  basePath: option<string>({
    expected: "a path such as '/session'",
    accepts: (value) => typeof value === 'string' && BASE_PATH.test(value),
    default: () => '/session',
  }),
  routes: oneOf('default', 'all', 'none'),
  transport: oneOf('bearer', 'cookie', 'both'),
  afterLogout: option<string>({
    expected: "a path on this site such as '/'",
    accepts: (value) => safeReturn(value) !== undefined,
    default: () => '/',
  }),
  cookie: (_name, value) => createRefreshCookie(value as CookieOptions | undefined),
  csrf: (_name, value) => createCsrfCheck(value as CsrfOptions | undefined),
  refreshTransport: oneOf('cookie', 'body'),
  onStoreError: oneOf('fail', 'anonymous'),
  adopt: port<Adoption>({
    methods: ['assertFor', 'open', 'readBy'],
    repair: 'Write adopt(sessions, { … }), with adopt of @sess/adopt.',
  }),
  bound: port<BoundSessions>({ methods: ['assertFor', 'open'], repair: 'Write dbsc().' }),
  jwks: oneOf(false, true),
} satisfies Readers<HttpOptions>;

/** Returns the validated options. @throws {UsageError} `invalid_option` */
export function readHttpOptions(options: HttpOptions = {}): HttpSettings {
  // The cookie is validated also where none is used, so that a mistake does not wait for a change of transport.
  const { cookie, csrf, refreshTransport, ...others } = readOptions(
    'sessionMiddleware',
    options,
    OPTIONS,
  );
  if (others.transport !== 'bearer' && refreshTransport === 'body') {
    throw optionError({
      option: 'transport',
      expected: "'bearer' with refreshTransport: 'body'",
      value: others.transport,
      repair: 'Without a refresh cookie there is none that could identify a request.',
    });
  }
  const settings: HttpSettings = Object.freeze({
    ...others,
    refreshTransport,
    cookie: refreshTransport === 'cookie' ? cookie : undefined,
    isAllowedSource: csrf,
  });
  settings.bound?.assertFor(settings);
  return settings;
}

/** Returns the settings for an engine; a stateless one leaves no choice of transport. */
export function bindHttpOptions<Data extends object>(
  settings: HttpSettings,
  sessions: Sessions<Data>,
): HttpContext<Data> {
  const isStateless = sessions.kind === 'stateless';
  if (isStateless && settings.transport !== 'bearer') {
    throw optionError({
      option: 'transport',
      expected: "'bearer' with a stateless engine",
      value: settings.transport,
      repair:
        'A stateless engine has no refresh token that could be a cookie. Use createSessions().',
    });
  }
  settings.adopt?.assertFor(sessions);
  const bearerOnly = isStateless
    ? ({ refreshTransport: 'bearer', cookie: undefined } as const)
    : {};
  const { logger } = sessions;
  return Object.freeze({
    ...settings,
    ...bearerOnly,
    sessions,
    logger,
    onCookie: createCookieWarning(settings.cookie, logger),
    onPublic: createPublicWarning(logger),
  });
}

/** Warns once of pages that shared caches would show to other users. */
function createPublicWarning(logger: Logger): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    logger.warn(
      {},
      'a response that depends on the session cookie had a public Cache-Control, and was sent as private, no-cache: mark such pages private, and do not read the session for public ones',
    );
  };
}

/** `localhost`, its subdomains, and loopback addresses, where browsers accept `Secure` over plain HTTP. */
const LOOPBACK = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/** Warns once if browsers ignore the cookie, because it is `Secure` and the connection is not. */
function createCookieWarning(
  cookie: RefreshCookie | undefined,
  logger: Logger,
): (exchange: Exchange) => void {
  let isDone = cookie?.isSecure !== true;
  return ({ protocol, host = '' }) => {
    if (isDone || protocol !== 'http' || LOOPBACK.test(host)) return;
    isDone = true;
    logger.warn(
      { scheme: protocol, host },
      'the Secure refresh cookie was set over plain HTTP, and browsers ignore it then: use HTTPS, trust the proxy that ends it, or set cookie.secure to false',
    );
  };
}

/**
 * Returns the engine that an application gave to its middleware, as the type that requests show.
 *
 * @throws {UsageError} `invalid_argument` if it is not an engine
 */
export function assertSessions<Data extends object>(
  sessions: SessionsFor<Data> | undefined,
): Sessions | undefined {
  if (sessions !== undefined && typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      `sessionMiddleware: expected an engine as first argument, got ${formatShort(sessions)}. Write sessionMiddleware(createSessions({ … }), { … }), or pass undefined to set options only.`,
    );
  }
  // Requests show the registered data type, and `SessionsFor` has compared it with the engine's.
  return sessions as unknown as Sessions | undefined;
}
