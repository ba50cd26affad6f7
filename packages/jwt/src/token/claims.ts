import { InvalidDataError, type Session } from '@sess/core';
import { toFrozenJson } from '@sess/core/engine';

/** The claims that tokens of ours carry, besides the application's. Times are seconds (RFC 7519, section 2). */
export interface TokenClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
  /** When the user last proved who they are (OpenID Connect Core, section 2). */
  readonly auth_time?: number;
  /** The refresh token's generation; of a session that a store renews only. */
  readonly gen?: number;
  /** The subject's version in the denylist. */
  readonly sv?: number;
  /** The session's own beginning and end. */
  readonly ses?: { readonly iat: number; readonly exp: number };
}

/** What a token has to say. */
export interface ExpectedClaims {
  readonly issuer: string;
  /** One of them has to be named. */
  readonly audiences: readonly string[];
  /** Members that the application's claims must have. */
  readonly required: readonly string[];
}

/** Names that mean something here: the application's claims cannot have them. */
export const RESERVED: ReadonlySet<string> = new Set([
  'iss',
  'aud',
  'sub',
  'sid',
  'jti',
  'iat',
  'exp',
  'nbf',
  'auth_time',
  'gen',
  'sv',
  'ses',
] satisfies readonly (keyof TokenClaims)[]);

/** The last second of the year 9999: what lies behind is a number that somebody played with. */
const LATEST = 253_402_300_799;
/** Printable ASCII. */
const ID = /^[\x21-\x7e]{1,128}$/;

/** `undefined` unless a payload says all that a token of the expected kind says, in the right types. */
export function checkClaims(
  payload: Readonly<Record<string, unknown>>,
  expected: ExpectedClaims,
): (TokenClaims & Readonly<Record<string, unknown>>) | undefined {
  const { iss, aud, sub, sid, jti, iat, exp, nbf, auth_time, gen, sv, ses } = payload;
  const isGood =
    iss === expected.issuer &&
    isAudience(aud, expected.audiences) &&
    typeof sub === 'string' &&
    sub.length > 0 &&
    sub.length <= 512 &&
    // Two ill-formed strings can have the same bytes, and so the same tag.
    sub.isWellFormed() &&
    isId(sid) &&
    isId(jti) &&
    isTime(iat) &&
    isTime(exp) &&
    isAbsentOr(isTime, nbf) &&
    isAbsentOr(isTime, auth_time) &&
    isAbsentOr(isCount, gen) &&
    isAbsentOr(isCount, sv) &&
    isAbsentOr(isLifetime, ses) &&
    expected.required.every((name) => hasValue(payload, name));
  return isGood ? (payload as unknown as TokenClaims & Record<string, unknown>) : undefined;
}

function isAudience(aud: unknown, audiences: readonly string[]): boolean {
  if (typeof aud === 'string') return audiences.includes(aud);
  if (!Array.isArray(aud) || !aud.every((name) => typeof name === 'string')) return false;
  return aud.some((name) => audiences.includes(name));
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= LATEST;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isLifetime(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { iat, exp } = value as Readonly<Record<string, unknown>>;
  return isTime(iat) && isTime(exp);
}

function isAbsentOr(check: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || check(value);
}

/** Whether a claim is there, and not empty. */
export function hasValue(payload: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  return value !== undefined && value !== null && value !== '';
}

/**
 * The session as a token has it: whatever is not said is as near as the token's own times come. It is frozen throughout,
 * for one session answers every request with its token. `undefined` for claims that session data cannot be.
 */
export function toClaimedSession(
  claims: TokenClaims & Readonly<Record<string, unknown>>,
): Session<object> | undefined {
  const { sid, sub, iat, exp, auth_time = iat, ses } = claims;
  const data = freezeData(Object.entries(claims).filter(([name]) => !RESERVED.has(name)));
  if (data === undefined) return undefined;
  return Object.freeze({
    sid,
    subject: sub,
    data,
    device: Object.freeze({}),
    createdAt: (ses?.iat ?? auth_time) * 1_000,
    authenticatedAt: auth_time * 1_000,
    lastUsedAt: iat * 1_000,
    expiresAt: (ses?.exp ?? exp) * 1_000,
  });
}

function freezeData(entries: readonly (readonly [string, unknown])[]): object | undefined {
  try {
    return toFrozenJson(Object.fromEntries(entries));
  } catch (error) {
    if (error instanceof InvalidDataError) return undefined;
    throw error;
  }
}
