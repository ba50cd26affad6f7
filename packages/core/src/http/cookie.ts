import { SessError } from '../errors.js';
import {
  isArrayOf,
  isString,
  oneOf,
  option,
  optionError,
  type Readers,
  readOptions,
} from '../util/options.js';

/** Attributes of the refresh cookie. */
export interface CookieOptions {
  /** The name after its prefix. Default: `'sess'`, sent as `__Host-sess`. */
  readonly name?: string;
  /**
   * The `Secure` attribute. Default: `true`, which Chromium and Firefox also accept on `http://localhost`. `false`
   * removes the name's prefix and sends the cookie over plain HTTP, where anyone on the network can read it.
   */
  readonly secure?: boolean;
  /**
   * The `SameSite` attribute. Default: `'lax'`, or `'none'` with `partitioned`. `'none'` needs `secure`, and other sites
   * can then send the cookie. With `'strict'`, a user who follows a link from another site is not signed in.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /**
   * The `Partitioned` attribute (CHIPS), for pages in a frame of other sites: each of those sites has a cookie apart.
   * Default: `false`. Needs `secure` and `sameSite: 'none'`.
   */
  readonly partitioned?: boolean;
  /** The `Path` attribute. Default: `'/'`. Any other path replaces the prefix `__Host-` by `__Secure-`. */
  readonly path?: string;
  /**
   * Whether the cookie has a `Max-Age`. Default: `true`, except after a sign-in with `remember: false`. `false`: it always
   * ends with the browser session.
   */
  readonly persistent?: boolean;
  /**
   * Values that `path` had earlier. Each sign-in and sign-out removes the cookies of these paths: a browser would else
   * send them beside the new one, and a request with two cookies of one name is refused. Default: none.
   */
  readonly clearPaths?: readonly string[];
}

/** The refresh cookie in a request's `Cookie` header. */
export type CookieValue =
  | { readonly kind: 'none'; readonly value?: undefined }
  /** Sent more than once, and the header does not show which one this server set (RFC 6265bis, section 4.2.2). */
  | { readonly kind: 'duplicate'; readonly values: readonly string[]; readonly value?: undefined }
  | { readonly kind: 'value'; readonly value: string };

/** The refresh cookie with validated options. */
export interface RefreshCookie {
  readonly name: string;
  readonly isSecure: boolean;
  /** True if no request that another site causes carries it, links included. */
  readonly isStrict: boolean;
  /** Returns the cookie of a `Cookie` header. */
  read(header: string | undefined): CookieValue;
  /**
   * Returns the `Set-Cookie` value that sets it.
   *
   * @param maxAge seconds; `undefined` for a cookie that ends with the browser session
   */
  write(value: string, maxAge: number | undefined): string;
  /** Returns the `Set-Cookie` value that removes it. */
  clear(): string;
  /**
   * Returns the `Set-Cookie` value that empties it, to be sent before the one that removes it. Chromium drops a page from
   * the memory of its back button if a cookie was written, and not if one was only removed.
   */
  empty(): string;
  /**
   * Returns the names and `Set-Cookie` values that remove other cookies of the name: those of `clearPaths`, and those
   * that a browser could have sent with the request, partitioned ones included.
   */
  clearOthers(request?: CookieRequest): readonly (readonly [name: string, line: string])[];
}

/** What decides which cookies a browser sends. */
export interface CookieRequest {
  readonly path: string;
  /** The `Host` header. */
  readonly host: string | undefined;
}

/*
 * RFC 6265bis, section 4.1.1:
 *
 * cookie-name = token                           ; RFC 9110, section 5.6.2
 * path-value  = *av-octet                       ; any CHAR except CTLs or ";"
 *
 * A comma is legal in a path, but some proxies split Set-Cookie lines at commas, so it is refused.
 */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const PATH = /^\/[\x21-\x2b\x2d-\x3a\x3c-\x7e]{0,511}$/;
const MAX_SIZE = 4_096;
/** Paths deeper than this are no place where a refresh cookie is kept. */
const MAX_DEPTH = 6;
/** At least two labels, the last one not a number: an IP address has no parent. */
const DOMAIN = /^(?:[a-z0-9-]{1,63}\.){1,8}(?!\d+$)[a-z0-9-]{1,63}$/;
const MAX_DOMAINS = 3;
const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;

const readSameSite = oneOf('lax', 'strict', 'none');

const OPTIONS = {
  name: option<string>({
    expected: "a name of letters, digits, '-' and '_' without its prefix, such as 'sess'",
    accepts: (value) => typeof value === 'string' && NAME.test(value) && !value.startsWith('__'),
    default: () => 'sess',
  }),
  secure: oneOf(true, false),
  sameSite: (name, value) => (value === undefined ? undefined : readSameSite(name, value)),
  partitioned: oneOf(false, true),
  path: option<string>({
    expected: 'a path that starts with "/" and has no ";", ",", space or control character',
    accepts: (value) => typeof value === 'string' && PATH.test(value),
    default: () => '/',
  }),
  persistent: oneOf(true, false),
  clearPaths: option<readonly string[]>({
    expected: "an array of paths such as ['/api']",
    accepts: (value) => isArrayOf(value, isString) && value.every((path) => PATH.test(path)),
    default: () => [],
  }),
} satisfies Readers<CookieOptions>;

/** Creates the refresh cookie. @throws {UsageError} `invalid_option` */
export function createRefreshCookie(options: CookieOptions = {}): RefreshCookie {
  const given = readOptions('cookie', options, OPTIONS, 'cookie.');
  const { secure, path, persistent, partitioned } = given;
  const sameSite = given.sameSite ?? (partitioned ? 'none' : 'lax');
  if (sameSite === 'none' && !secure) {
    throw optionError({
      option: partitioned ? 'cookie.partitioned' : 'cookie.sameSite',
      expected: partitioned ? 'false without secure' : "'lax' or 'strict' without secure",
      value: partitioned || sameSite,
      repair: 'Browsers ignore a SameSite=None cookie that is not Secure.',
    });
  }
  if (partitioned && sameSite !== 'none') {
    throw optionError({
      option: 'cookie.sameSite',
      expected: "'none' with partitioned",
      value: sameSite,
      repair: 'Browsers send a Lax or Strict cookie to no frame of another site.',
    });
  }

  const nameAt = (at: string): string =>
    `${secure ? (at === '/' ? '__Host-' : '__Secure-') : ''}${given.name}`;
  const attributesAt = (at: string, isPartitioned = partitioned): string =>
    `; Path=${at}; HttpOnly${secure ? '; Secure' : ''}; SameSite=${SAME_SITE[sameSite]}${isPartitioned ? '; Partitioned' : ''}`;
  const clearAt = (named: string, at: string, domain = ''): string =>
    `${named}=${attributesAt(at)}${domain}; Max-Age=0`;
  const name = nameAt(path);
  const attributes = attributesAt(path);

  return Object.freeze({
    name,
    isSecure: secure,
    isStrict: sameSite === 'strict',
    read: (header: string | undefined) => readCookie(header, name),
    write(value: string, maxAge: number | undefined) {
      if (name.length + value.length > MAX_SIZE) {
        throw new SessError(
          'cookie_too_large',
          `The cookie ${name} would be longer than ${MAX_SIZE} bytes, and browsers ignore it then.`,
        );
      }
      const isPersistent = persistent && maxAge !== undefined;
      return `${name}=${value}${attributes}${isPersistent ? `; Max-Age=${Math.max(0, maxAge)}` : ''}`;
    },
    clear: () => clearAt(name, path),
    empty: () => `${name}=${attributes}; Max-Age=1`,
    clearOthers(request?: CookieRequest) {
      // Browsers accept a `__Host-` cookie with the path "/" and without a domain only, so there is no other one.
      const sent = name.startsWith('__Host-') ? undefined : request;
      const lines = new Map<string, string>();
      const add = (named: string, at: string, domain?: string): void =>
        void lines.set(clearAt(named, at, domain), named);
      // In a frame, browsers keep a partitioned cookie beside another one of the same name and path, and send both.
      if (request !== undefined && sameSite === 'none')
        lines.set(`${name}=${attributesAt(path, !partitioned)}; Max-Age=0`, name);
      for (const at of given.clearPaths) if (at !== path) add(nameAt(at), at);
      for (const at of sent ? pathsOf(sent.path) : []) if (at !== path) add(name, at);
      // A cookie with a domain is another one. All its paths would make the response too large for some proxies.
      for (const domain of domainsOf(sent?.host)) {
        for (const at of ['/', path]) add(name, at, `; Domain=${domain}`);
      }
      return [...lines].map(([line, named]) => [named, line] as const);
    },
  });
}

/** Returns the domains whose cookies a browser sends to a host, except public suffixes of one label. */
function domainsOf(host = ''): string[] {
  const labels = host.toLowerCase().replace(/:\d+$/, '').split('.');
  return labels
    .map((_, index) => labels.slice(index).join('.'))
    .filter((domain) => DOMAIN.test(domain))
    .slice(0, MAX_DOMAINS);
}

/** Returns the cookie paths that match a request path (RFC 6265bis, section 5.1.4). */
function pathsOf(requested: string): string[] {
  const paths = ['/'];
  let path = '';
  for (const segment of requested.split('/').slice(1, MAX_DEPTH)) {
    path += `/${segment}`;
    if (segment !== '' && PATH.test(path)) paths.push(path, `${path}/`);
  }
  return paths;
}

/** Removes the white space of RFC 6265bis only: with more, other names would pass as this cookie's. */
function trim(text: string): string {
  // By index, because a regular expression takes quadratic time on white space in the middle. Beyond both ends there is
  // no character, so text of white space only ends the loops, too.
  let [start, end] = [0, text.length];
  while (isBlank(text.charCodeAt(start))) start += 1;
  while (isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Returns a cookie by its exact name: browsers enforce a prefix only in its exact spelling. */
export function readCookie(header: string | undefined, name: string): CookieValue {
  if (header === undefined) return { kind: 'none' };
  const values: string[] = [];
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && trim(pair.slice(0, equals)) === name)
      values.push(trim(pair.slice(equals + 1)));
  }
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  if (values.length === 1 && !value.includes(',')) return { kind: 'value', value };
  const all = values.flatMap((line) => splitJoined(line, name));
  return all.length > 1 ? { kind: 'duplicate', values: all } : { kind: 'value', value };
}

/** Some runtimes join the lines of `Cookie` with commas: returns the values of this cookie in such a line. */
function splitJoined(value: string, name: string): string[] {
  const start = `${name}=`;
  const pairs = `${start}${value}`.split(',').map(trim);
  return pairs.filter((pair) => pair.startsWith(start)).map((pair) => pair.slice(start.length));
}
