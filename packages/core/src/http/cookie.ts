import { SessError, UsageError } from '../errors.js';
import { assertKnown, formatShort } from '../util/options.js';

/** How the refresh cookie is written. The defaults are the safe ones. */
export interface CookieOptions {
  /** The name after its prefix. Default: `'sess'`, sent as `__Host-sess`. */
  readonly name?: string;
  /**
   * Default: `true`, which Chromium and Firefox also honour on `http://localhost`. `false` drops the name's prefix
   * with it, and lets anyone on the network read the cookie: for plain HTTP on a trusted network only.
   */
  readonly secure?: boolean;
  /** Default: `'lax'`. `'none'` needs `secure`, and lets other sites send the cookie along. */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /** Default: `'/'`. Any other path gives up the `__Host-` prefix for `__Secure-`. */
  readonly path?: string;
  /** Default: `true`. `false` makes a cookie that ends with the browser session. */
  readonly persistent?: boolean;
}

/** What a request's `Cookie` header says of the refresh cookie. */
export type CookieValue =
  | { readonly kind: 'none' }
  /** Sent more than once: one of them was planted, and nothing tells which (RFC 6265bis, section 4.2.2). */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'value'; readonly value: string };

/** The refresh cookie with its options settled. */
export interface RefreshCookie {
  readonly name: string;
  read(header: string | undefined): CookieValue;
  /** The `Set-Cookie` value that sets it, for so many seconds if it is persistent. */
  write(value: string, maxAge: number): string;
  /** The `Set-Cookie` value that removes it: the same attributes, and no life. */
  clear(): string;
}

/*
 * RFC 6265bis, section 4.1.1:
 *
 * cookie-name = token                           ; RFC 9110, section 5.6.2
 * path-value  = *av-octet                       ; any CHAR except CTLs or ";"
 *
 * A comma is legal in a path, but some proxies fold Set-Cookie lines at commas: it is refused too.
 */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const PATH = /^\/[\x21-\x2b\x2d-\x3a\x3c-\x7e]{0,511}$/;
const MAX_SIZE = 4_096;
const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;
const KNOWN: ReadonlySet<string> = new Set<keyof CookieOptions>([
  'name',
  'secure',
  'sameSite',
  'path',
  'persistent',
]);

/** @throws UsageError `invalid_option` */
export function createRefreshCookie(options: CookieOptions = {}): RefreshCookie {
  assertKnown('cookie', options, KNOWN);
  const {
    name: bare = 'sess',
    secure = true,
    sameSite = 'lax',
    path = '/',
    persistent = true,
  } = options;
  if (typeof bare !== 'string' || !NAME.test(bare) || bare.startsWith('__')) {
    throw invalid(
      'cookie.name',
      bare,
      "letters, digits, '-' and '_', as in 'sess'; the prefix is added by itself",
    );
  }
  for (const [option, value] of Object.entries({ secure, persistent })) {
    if (typeof value !== 'boolean') throw invalid(`cookie.${option}`, value, 'true or false');
  }
  if (typeof path !== 'string' || !PATH.test(path)) {
    throw invalid(
      'cookie.path',
      path,
      "a path that begins with '/' and holds no ';', ',', space or control character, as in '/'",
    );
  }
  // A list of one name would be found like the name itself.
  if (typeof sameSite !== 'string' || !Object.hasOwn(SAME_SITE, sameSite)) {
    throw invalid('cookie.sameSite', sameSite, "'lax', 'strict' or 'none'");
  }
  if (sameSite === 'none' && !secure) {
    throw invalid(
      'cookie.sameSite',
      sameSite,
      "'lax', or leave secure on: browsers drop SameSite=None without Secure",
    );
  }

  const prefix = secure ? (path === '/' ? '__Host-' : '__Secure-') : '';
  const name = `${prefix}${bare}`;
  const attributes = `; Path=${path}; HttpOnly${secure ? '; Secure' : ''}; SameSite=${SAME_SITE[sameSite]}`;

  return Object.freeze({
    name,
    read: (header: string | undefined) => readCookie(header, name),
    write(value: string, maxAge: number) {
      if (name.length + value.length > MAX_SIZE) {
        throw new SessError(
          'cookie_too_large',
          `The cookie ${name} would be over ${MAX_SIZE} bytes, and browsers drop such.`,
        );
      }
      return `${name}=${value}${attributes}${persistent ? `; Max-Age=${Math.max(0, maxAge)}` : ''}`;
    },
    clear: () => `${name}=${attributes}; Max-Age=0`,
  });
}

/** White space as cookies have it; a wider notion would let other names pass for ours. */
function trim(text: string): string {
  // By index: a regular expression for both ends takes quadratic time on white space in the middle.
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Looks for one cookie. Names are compared as they stand: a prefix is a promise only when spelt right. */
function readCookie(header: string | undefined, name: string): CookieValue {
  const values: string[] = [];
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && trim(pair.slice(0, equals)) === name)
      values.push(trim(pair.slice(equals + 1)));
  }
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  return values.length > 1 || holdsAnother(value, name)
    ? { kind: 'duplicate' }
    : { kind: 'value', value };
}

/** Whether a second line follows: some runtimes join lines of `Cookie` with commas, as of any other header. */
function holdsAnother(value: string, name: string): boolean {
  const [, ...others] = value.split(',');
  return others.some((other) => trim(other).startsWith(`${name}=`));
}

function invalid(option: string, value: unknown, instead: string): UsageError {
  return new UsageError(
    'invalid_option',
    `${option}: ${formatShort(value)} will not do. Write ${instead}.`,
  );
}
