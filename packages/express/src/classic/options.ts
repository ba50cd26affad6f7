import { UsageError } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import type { CookieAttributes } from './cookie.js';
import type { SubjectData } from './types.js';

/** The options of `session()`. Those of express-session that are not here are refused, with what to write instead. */
export interface SessionOptions {
  /**
   * Returns whose session it is, from the data: the id of the user, or `undefined` for a visitor. A change of the result is
   * a sign-in or a sign-out. It may be called several times in a request, and must be synchronous.
   */
  readonly subject: (data: SubjectData) => string | null | undefined;
  /** The name of the cookie after its prefix. Default: `'sess'`, sent as `__Host-sess`. */
  readonly name?: string;
  readonly cookie?: SessionCookieOptions;
  /**
   * `false`: a session ends `maxAge` after the sign-in, even if it is in use. Default: `true`, `maxAge` after its last
   * renewal.
   */
  readonly rolling?: boolean;
  /** What `req.session = null` does: ends the session, or keeps it without the changes. Default: `'keep'`. */
  readonly unset?: 'destroy' | 'keep';
  /** Only changes are stored, so only `false` is accepted. */
  readonly resave?: false;
  /** Nothing is stored for a visitor before something is written, so only `false` is accepted. */
  readonly saveUninitialized?: false;
  /** Other origins whose pages may send unsafe requests with the cookie. Default: none. */
  readonly csrf?: HttpOptions['csrf'];
  /** Takes over the live sessions of another system: what `adopt` of `@sess/adopt` returns. Default: none. */
  readonly adopt?: HttpOptions['adopt'];
  /** How a request with a cookie is treated while the store fails. Default: `'fail'`, an error with status 503. */
  readonly onStoreError?: HttpOptions['onStoreError'];
}

/** Attributes of the cookie. It is always `HttpOnly` and of one host. */
export interface SessionCookieOptions {
  /** The lifetime of a sign-in in milliseconds. Default: `null`, until the browser is closed, and at most a day without use. */
  readonly maxAge?: number | null;
  /** Default: `true`, which browsers also accept on `http://localhost`. `false` sends it over plain HTTP. */
  readonly secure?: boolean;
  /** `true` is `'strict'`, `false` is `'lax'`. Default: `'lax'`. */
  readonly sameSite?: boolean | 'lax' | 'strict' | 'none';
  /** Default: `'/'`. Requests outside of it have no `req.session`. */
  readonly path?: string;
  /** The `Partitioned` attribute. Default: `false`. */
  readonly partitioned?: boolean;
  readonly httpOnly?: true;
}

/** The options, validated and with their defaults. */
export interface ClassicSettings {
  readonly subject: (data: SubjectData) => unknown;
  readonly attributes: CookieAttributes;
  /** Milliseconds; `null` for a cookie that ends with the browser session. */
  readonly maxAge: number | null;
  readonly rolling: boolean;
  readonly unset: 'destroy' | 'keep';
  readonly http: HttpOptions;
}

const BOOLEANS: readonly unknown[] = [undefined, true, false];

/** The values that each option may have, or a check. */
const ACCEPTED: Readonly<Record<string, readonly unknown[] | ((value: unknown) => boolean)>> = {
  subject: (value) => typeof value === 'function',
  name: () => true,
  cookie: (value) => value === undefined || (typeof value === 'object' && value !== null),
  rolling: BOOLEANS,
  unset: [undefined, 'destroy', 'keep'],
  resave: [undefined, false],
  saveUninitialized: [undefined, false],
  csrf: () => true,
  adopt: () => true,
  onStoreError: () => true,
  'cookie.maxAge': (value) =>
    value === undefined ||
    value === null ||
    (typeof value === 'number' && value >= 1_000 && value <= MAX_AGE_MS),
  'cookie.secure': BOOLEANS,
  'cookie.sameSite': [...BOOLEANS, 'lax', 'strict', 'none'],
  'cookie.path': () => true,
  'cookie.partitioned': BOOLEANS,
  'cookie.httpOnly': [undefined, true],
};

/** The longest that browsers keep a cookie (RFC 6265bis, section 5.5). */
const MAX_AGE_MS = 34_560_000_000;

/** What was expected, and what to write instead. */
const REPAIRS: Readonly<Record<string, string>> = {
  subject:
    'a function of the data that returns whose session it is. Write subject: (data) => data.passport?.user, or the member that holds the id of the user',
  cookie: 'an object. A function has to become one session() for each set of attributes',
  rolling: 'true or false. Leave it out for sessions that live on while they are used',
  unset: "'destroy' or 'keep'. Leave it out to keep the session",
  resave: 'false. Only changes are stored, so leave it out',
  saveUninitialized:
    'false. A visitor gets a cookie with the first write, so write a member where you need one',
  secret: 'no such option. Tokens are looked up and not signed, so leave it out',
  store:
    'no such option. The engine has the store: session(createSessions({ store: redisStore(redis) }), { … })',
  genid: 'no such option. The engine creates the ids, so leave it out',
  proxy: "no such option. Write app.set('trust proxy', …)",
  key: 'no such option. Write name',
  'cookie.maxAge':
    'milliseconds from 1000 to 34560000000, or null. Leave it out for a browser session',
  'cookie.secure': 'true or false. Leave it out for both HTTPS and http://localhost',
  'cookie.sameSite': "true, false, 'lax', 'strict' or 'none'. Leave it out for 'lax'",
  'cookie.partitioned': 'true or false. Leave it out for false',
  'cookie.httpOnly': 'true. Scripts must not read the cookie, so leave it out',
  'cookie.name': 'no such option. Write name, beside cookie',
  'cookie.domain':
    'no such option. Every server below the domain would get the cookie: serve them from one host, or sign in at each',
  'cookie.expires': 'no such option. Write cookie.maxAge in milliseconds',
  'cookie.signed': 'no such option. The token in the cookie cannot be guessed, so leave it out',
  'cookie.priority': 'no such option. Leave it out',
};

/** Returns the validated options. @throws {UsageError} `invalid_option` */
export function readOptions(options: SessionOptions): ClassicSettings {
  assertAccepted('', options, ['subject']);
  const {
    adopt,
    cookie = {},
    csrf,
    name,
    onStoreError,
    rolling = true,
    subject,
    unset = 'keep',
  } = options;
  assertAccepted('cookie.', cookie);
  const { maxAge = null, secure = true, path = '/', partitioned = false } = cookie;
  const sameSite = toSameSite(cookie.sameSite ?? (partitioned ? 'none' : 'lax'));
  const attributes = { secure, sameSite, path, partitioned };
  // The cookies that are taken over show which of them end with the browser session.
  const idle = maxAge === null ? {} : { idleTtl: Math.ceil(maxAge / 1_000) };
  const http: HttpOptions = {
    routes: 'none',
    transport: 'cookie',
    cookie: { ...attributes, ...(name === undefined ? {} : { name }) },
    ...(csrf === undefined ? {} : { csrf }),
    // Anything else is refused with the other options.
    ...(adopt === undefined ? {} : { adopt: adopt?.readBy?.(subject, idle) ?? adopt }),
    ...(onStoreError === undefined ? {} : { onStoreError }),
  };
  return Object.freeze({
    subject,
    attributes,
    maxAge,
    rolling,
    unset,
    http,
  });
}

function toSameSite(value: boolean | 'lax' | 'strict' | 'none'): 'lax' | 'strict' | 'none' {
  if (typeof value === 'string') return value;
  return value ? 'strict' : 'lax';
}

function assertAccepted(
  prefix: string,
  options: object | undefined,
  required: readonly string[] = [],
): void {
  const given = typeof options === 'object' && options !== null ? options : {};
  for (const name of new Set([...required, ...Object.keys(given)])) {
    const option = prefix + name;
    const value = (given as Record<string, unknown>)[name];
    const accepted = ACCEPTED[option];
    const isAccepted =
      typeof accepted === 'function' ? accepted(value) : accepted?.includes(value) === true;
    if (isAccepted) continue;
    const repair = REPAIRS[option] ?? 'no such option. Leave it out';
    throw new UsageError(
      'invalid_option',
      `session: ${option}: expected ${repair}. Got ${show(value)}.`,
    );
  }
}

/** Names a value without its content: it may be a secret. */
function show(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
