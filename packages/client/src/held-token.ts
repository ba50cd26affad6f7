import { assertTokens } from './renewal.js';
import type { TokenResponse } from './types.js';

/** A period of the wall clock. Its start guards against a clock that is set back. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

/** The access token of this tab, in memory only. Fresh during its period; renewed before use afterwards. */
export interface HeldToken extends Period {
  readonly token: string;
  readonly expiresAt: number;
  /** Equal for all tokens of one sign-in: the `sid`, or a number where tokens do not carry it. */
  readonly key: string | number;
  readonly sid: string | undefined;
  readonly subject: string | undefined;
}

/** Milliseconds before its end at which a token is renewed, unless that is more than a tenth of its lifetime. */
const CLOCK_SKEW_MS = 30_000;

/** True during a period. */
export function isWithin(period: Period | undefined, now: number): boolean {
  return !!period && now >= period.from && now < period.until;
}

/**
 * Creates the held token from a response.
 *
 * @param at time of the request: a slow response does not prolong the lifetime
 * @param fallbackKey the key where the token does not carry a `sid`
 * @throws {TypeError} without a token, as in a response of a gateway or of a refused sign-in
 */
export function holdToken(
  tokens: TokenResponse,
  at: number,
  fallbackKey: HeldToken['key'],
): HeldToken {
  assertTokens(tokens);
  const { access_token: token, expires_in: seconds = Number.POSITIVE_INFINITY } = tokens;
  const ttlMs = seconds * 1_000;
  const expiresAt = at + ttlMs;
  const { sid, subject } = readClaims(token);
  return {
    token,
    expiresAt,
    from: at - CLOCK_SKEW_MS,
    until: expiresAt - Math.min(CLOCK_SKEW_MS, ttlMs / 10),
    key: sid ?? fallbackKey,
    sid,
    subject,
  };
}

/** Returns what a token shows of its session: `sat_<sid>.<secret>`, or the claims of a JWT. Verified by the API only. */
function readClaims(token: string): { readonly sid?: string; readonly subject?: string } {
  const [head = '', payload = ''] = token.split('.');
  if (head.startsWith('sat_')) return { sid: head.slice(4) };
  try {
    const binary = atob(payload.replace(/-/g, '+').replace(/_/g, '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const { sid, sub: subject } = JSON.parse(new TextDecoder().decode(bytes));
    return { sid, subject };
  } catch {
    // A token of another kind, which shows nothing.
    return {};
  }
}

/** Returns a part that is equal for all sessions of one user: a `sid` begins with a digest of the subject. */
export function userOf({ sid, subject }: HeldToken): string | undefined {
  return subject ?? sid?.slice(0, 16);
}
