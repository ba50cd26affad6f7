import type { Exchange } from './exchange.js';

/*
 * RFC 6750, section 2.1, and RFC 9110, section 11:
 *
 * credentials = ( "Bearer" / "DPoP" ) 1*SP b64token   ; the scheme in any case; RFC 9449, section 7.1
 * b64token    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 *
 * The scheme is a token (RFC 9110, section 5.6.2): it ends where its characters end.
 */
const CREDENTIALS =
  /^[ \t]*(?:bearer|(dpop))(?![\w!#$%&'*+.^`|~-])(?: +([A-Za-z0-9._~+/-]+=*)[ \t]*$)?/i;

/** Longer than any token of this library, and short enough for the regular expression. */
const MAX_LENGTH = 8_192;

/** What the `Authorization` lines of a request hold. */
export type BearerCredentials =
  /** No credentials, or credentials of another scheme. */
  | { readonly kind: 'none'; readonly token?: undefined }
  /** Not of the form above, too long, or sent more than once. */
  | { readonly kind: 'invalid'; readonly token?: undefined }
  /** A token bound to a key (RFC 9449), which a bearer token or a cookie must not replace. No token: malformed. */
  | { readonly kind: 'bound'; readonly token?: string | undefined }
  | { readonly kind: 'token'; readonly token: string };

const NONE: BearerCredentials = { kind: 'none' };
const INVALID: BearerCredentials = { kind: 'invalid' };

/** Returns the credentials of a request's `Authorization` lines. */
export function readBearer(lines: readonly string[]): BearerCredentials {
  if (lines.length > 1) return INVALID;
  const [line] = lines;
  if (line === undefined) return NONE;
  // Of a longer line the scheme alone counts, because no token has a comma.
  const text = line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)},` : line;
  const found = CREDENTIALS.exec(text);
  if (found === null) return NONE;
  const [, bound, token] = found;
  if (bound !== undefined) return { kind: 'bound', token };
  return token === undefined ? INVALID : { kind: 'token', token };
}

/**
 * Returns the token of an `Authorization: Bearer` header, with the scheme in any case. Returns `undefined` if there is
 * no header, if the scheme is another one, or if the header has not the form of RFC 6750, section 2.1.
 */
export function parseBearer(header: string | null | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  const { kind, token } = readBearer([header]);
  return kind === 'token' ? token : undefined;
}

/** True if the query or a form body has a token, too (RFC 6750, section 2). */
export function hasSecondToken(exchange: Exchange): boolean {
  const { query } = exchange;
  if (query !== '' && /(?:^|&)access_token=/.test(query)) return true;
  const type = exchange.header('content-type');
  if (type === undefined || !/^application\/x-www-form-urlencoded\b/i.test(type)) return false;
  const body = exchange.parsedBody();
  return typeof body === 'object' && body !== null && 'access_token' in body;
}
