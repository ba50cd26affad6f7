import { isSessError, type Session } from '@sess/core';
import { isProofName, toFrozenJson } from '@sess/core/internal';

/** The claims of a token, besides those of the application. Times are seconds (RFC 7519, section 2). */
export interface TokenClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
  /** When the user last authenticated (OpenID Connect Core, section 2). */
  readonly auth_time?: number;
  /** How (RFC 9068, section 2.2.1). */
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** The key that the client has to prove (RFC 9449, section 6.1). */
  readonly cnf?: { readonly jkt: string };
  /** The generation of the refresh token. Absent if the access token renews itself. */
  readonly gen?: number;
  /** The subject's version in the denylist. */
  readonly sv?: number;
  /** Start and end of the session. */
  readonly ses?: { readonly iat: number; readonly exp: number };
}

/** A payload whose claims were checked. */
export type CheckedClaims = TokenClaims & Readonly<Record<string, unknown>>;

/** What the claims of a token must be. */
export interface ExpectedClaims {
  readonly issuer: string;
  /** A token must name one of them. */
  readonly audiences: readonly string[];
  /** Claims of the application that must be present and not empty. */
  readonly required: readonly string[];
}

/** Claims with a meaning for this package: those of the application cannot have these names. */
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
  'acr',
  'amr',
  'cnf',
  'gen',
  'sv',
  'ses',
] satisfies readonly (keyof TokenClaims)[]);

/** The last second of the year 9999: a later time is not a date. */
const MAX_TIME_S = 253_402_300_799;
/** Printable ASCII. */
const ID = /^[\x21-\x7e]{1,128}$/;

type Check = (value: unknown, expected: ExpectedClaims) => boolean;

const CHECKS: readonly (readonly [string, Check])[] = Object.entries({
  iss: (iss, { issuer }) => iss === issuer,
  aud: (aud, { audiences }) => isAudience(aud, audiences),
  sub: isSubject,
  sid: isId,
  jti: isId,
  iat: isTime,
  exp: isTime,
  nbf: (nbf) => nbf === undefined || isTime(nbf),
  auth_time: (time) => time === undefined || isTime(time),
  acr: (acr) => acr === undefined || isProofName(acr),
  amr: (amr) => amr === undefined || (Array.isArray(amr) && amr.every(isProofName)),
  cnf: (cnf) => cnf === undefined || isConfirmation(cnf),
  gen: (gen) => gen === undefined || isCount(gen),
  sv: (sv) => sv === undefined || isCount(sv),
  ses: (ses) => ses === undefined || isLifetime(ses),
} satisfies Record<keyof TokenClaims, Check>);

/** Returns the name of the first claim of a payload that is missing or wrong, `undefined` if all are right. */
export function findWrongClaim(
  payload: Readonly<Record<string, unknown>>,
  expected: ExpectedClaims,
): string | undefined {
  const wrong = CHECKS.find(([name, isRight]) => !isRight(payload[name], expected));
  return wrong?.[0] ?? expected.required.find((name) => !hasValue(payload, name));
}

function isAudience(aud: unknown, audiences: readonly string[]): boolean {
  if (typeof aud === 'string') return audiences.includes(aud);
  if (!Array.isArray(aud) || !aud.every((name) => typeof name === 'string')) return false;
  return aud.some((name) => audiences.includes(name));
}

function isSubject(sub: unknown): boolean {
  // Two ill-formed strings can have the same bytes, and so the same tag.
  return typeof sub === 'string' && sub.length > 0 && sub.length <= 512 && sub.isWellFormed();
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MAX_TIME_S;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Any other confirmation names a key that would not be checked here, so a token with one is refused. */
function isConfirmation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { jkt, ...others } = value as Readonly<Record<string, unknown>>;
  return isId(jkt) && Object.keys(others).length === 0;
}

function isLifetime(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { iat, exp } = value as Readonly<Record<string, unknown>>;
  return isTime(iat) && isTime(exp);
}

/** True if a claim is present and not empty. */
export function hasValue(payload: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  return value !== undefined && value !== null && value !== '';
}

/**
 * Returns the session of a token. Times that the token does not contain are taken from its own. The session is frozen,
 * because one object serves every request with the token. `undefined` if the claims cannot be session data.
 */
export function toClaimedSession(claims: CheckedClaims): Session<object> | undefined {
  const { sid, sub, iat, exp, auth_time = iat, acr, amr, cnf, ses } = claims;
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
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr: Object.freeze([...amr]) }),
    ...(cnf && { binding: Object.freeze({ kind: 'dpop' as const, jkt: cnf.jkt }) }),
  });
}

function freezeData(entries: readonly (readonly [string, unknown])[]): object | undefined {
  try {
    return toFrozenJson(Object.fromEntries(entries));
  } catch (error) {
    if (isSessError(error)) return undefined;
    throw error;
  }
}
