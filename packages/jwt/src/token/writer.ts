import { Buffer } from 'node:buffer';
import { InvalidDataError, type Session, UsageError } from '@sess/core';
import { toFrozenJson } from '@sess/core/internal';
import type { KeyRing } from '../keys/key-set.js';
import { hasValue, RESERVED, type TokenClaims } from './claims.js';

/** What a token is made of. Times are epoch milliseconds. */
export interface TokenContent {
  readonly session: Session<object>;
  readonly jti: string;
  /** Of the refresh token; `undefined` if the access token renews itself. */
  readonly generation: number | undefined;
  readonly version: number | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface TokenWriter {
  /**
   * Returns a signed token.
   *
   * @throws {InvalidDataError} invalid_data or data_too_large if the claims do not fit in a token
   * @throws {UsageError} invalid_option if the function `claims` does not return JSON
   */
  write(content: TokenContent, at: number): string | Promise<string>;
  /** Throws what `write` would throw for the session. */
  assertWritable(session: Session<object>): void;
}

/** Returns the claims that a session's tokens contain, at their top level. */
export type ChooseClaims = (session: Session<object>) => object;

export interface WriterContext {
  readonly ring: KeyRing;
  readonly issuer: string;
  /** Written as a string if there is one, as an array if there are more (RFC 7519, section 4.1.3). */
  readonly audiences: readonly string[];
  readonly choose: ChooseClaims;
  /** Claims that must be present: without them, the issuer itself would refuse the token. */
  readonly required: readonly string[];
  /** Where the claims come from, for messages. */
  readonly source: 'claims' | 'the session data';
}

const MAX_CLAIMS_BYTES = 4_096;
/** With the longest `kid` and an RSA signature, a token stays below the 8 kB that servers allow for headers. */
const MAX_PAYLOAD_BYTES = 5_120;

/** The longest values of claims that are not known before there is a token. */
const LONGEST = {
  jti: '_'.repeat(43),
  generation: 0xffff_ffff,
  version: Number.MAX_SAFE_INTEGER,
} as const;

/** Creates the writer of one engine. */
export function createWriter(context: WriterContext): TokenWriter {
  const { ring, issuer, audiences, choose, required, source } = context;
  const aud = audiences.length === 1 ? (audiences[0] ?? '') : audiences;

  function chooseClaims(session: Session<object>): object {
    const claims = toClaims(choose(session)) as Readonly<Record<string, unknown>>;
    const reserved = Object.keys(claims).find((name) => RESERVED.has(name));
    if (reserved !== undefined) {
      throw new InvalidDataError(
        `${source}: expected claims with other names than those of tokens, got '${reserved}'. Rename it, or choose claims with the option claims.`,
      );
    }
    const missing = required.find((name) => !RESERVED.has(name) && !hasValue(claims, name));
    if (missing !== undefined) {
      throw new InvalidDataError(
        `${source}: expected the required claim '${missing}', got none. See the option requiredClaims.`,
      );
    }
    assertSize(`${source}: expected claims`, JSON.stringify(claims), MAX_CLAIMS_BYTES);
    return claims;
  }

  function toClaims(chosen: unknown): object {
    try {
      return toFrozenJson(chosen as object);
    } catch (cause) {
      if (source !== 'claims') throw cause;
      // The function is at fault, not the session: the error must not blame the request.
      throw Object.assign(
        new UsageError(
          'invalid_option',
          'claims: expected a function that returns a JSON object, got another result.',
        ),
        { cause },
      );
    }
  }

  function toPayload(content: TokenContent): string {
    const { session, jti, generation, version, issuedAt, expiresAt } = content;
    const { sid, subject, createdAt, authenticatedAt, acr, amr, binding } = session;
    // Rounded up so that `expires_in` holds, and down so that no token outlives its session.
    const round = expiresAt >= session.expiresAt ? Math.floor : Math.ceil;
    const claims: TokenClaims = {
      iss: issuer,
      aud,
      sub: subject,
      sid,
      jti,
      iat: Math.floor(issuedAt / 1_000),
      exp: round(expiresAt / 1_000),
      auth_time: Math.floor(authenticatedAt / 1_000),
      ...(acr === undefined ? {} : { acr }),
      ...(binding?.jkt === undefined ? {} : { cnf: { jkt: binding.jkt } }),
      ...(amr === undefined ? {} : { amr }),
      ...(generation === undefined ? {} : { gen: generation }),
      ...(version === undefined ? {} : { sv: version }),
      ses: { iat: Math.floor(createdAt / 1_000), exp: Math.floor(session.expiresAt / 1_000) },
    };
    const payload = JSON.stringify({ ...claims, ...chooseClaims(session) });
    assertSize('access token: expected a payload', payload, MAX_PAYLOAD_BYTES);
    return payload;
  }

  return {
    write: (content, at) => ring.signer(at).sign(toPayload(content)),
    assertWritable(session) {
      const { lastUsedAt: issuedAt, expiresAt } = session;
      toPayload({ session, ...LONGEST, issuedAt, expiresAt });
    },
  };
}

function assertSize(what: string, text: string, max: number): void {
  const size = Buffer.byteLength(text);
  if (size <= max) return;
  throw new InvalidDataError(
    `${what} of at most ${max} bytes, got ${size}. Choose fewer claims, or keep the data in a store.`,
    { code: 'data_too_large' },
  );
}
