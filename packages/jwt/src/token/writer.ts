import { Buffer } from 'node:buffer';
import { InvalidDataError, type Session } from '@sess/core';
import { toFrozenJson } from '@sess/core/engine';
import type { KeyRing } from '../keys/key-ring.js';
import { hasValue, RESERVED, type TokenClaims } from './claims.js';

/** What a token is made of. Times are epoch milliseconds. */
export interface TokenContent {
  readonly session: Session<object>;
  readonly jti: string;
  /** Of the session's refresh token; `undefined` where the access token renews itself. */
  readonly generation: number | undefined;
  readonly version: number | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface TokenWriter {
  /** @throws InvalidDataError `data_too_large`, `invalid_data` for claims that no token can carry */
  write(content: TokenContent, at: number): string | Promise<string>;
  /** Throws what `write` would. */
  assertWritable(session: Session<object>): void;
}

/** What of a session goes into its tokens, at their top level. */
export type ChooseClaims = (session: Session<object>) => object;

export interface WriterContext {
  readonly ring: KeyRing;
  readonly issuer: string;
  /** Written as text when it is one, as a list when there are more (RFC 7519, section 4.1.3). */
  readonly audiences: readonly string[];
  readonly choose: ChooseClaims;
  /** Members that the chosen claims must have: a token without them would be refused by whoever made it. */
  readonly required: readonly string[];
  readonly optionName: string;
}

/** Bytes of chosen claims. */
const MAX_CLAIMS = 4_096;
/** Bytes of all claims: with the longest `kid` and an RSA signature, a token of less than the 8 kB that headers may have. */
const MAX_PAYLOAD = 5_120;

/** What of a token is not known before there is one, as long as it can get. */
const LONGEST = {
  jti: '_'.repeat(43),
  generation: 0xffff_ffff,
  version: Number.MAX_SAFE_INTEGER,
} as const;

export function createWriter(context: WriterContext): TokenWriter {
  const { ring, issuer, audiences, choose, required, optionName } = context;
  const aud = audiences.length === 1 ? (audiences[0] ?? '') : audiences;

  function chooseClaims(session: Session<object>): object {
    const claims = toFrozenJson(choose(session)) as Readonly<Record<string, unknown>>;
    const reserved = Object.keys(claims).find((name) => RESERVED.has(name));
    if (reserved !== undefined) {
      throw new InvalidDataError(
        `An access token has a claim '${reserved}' of its own, so the session's data cannot have one. Rename it, or choose others with ${optionName}.`,
      );
    }
    const missing = required.find((name) => !RESERVED.has(name) && !hasValue(claims, name));
    if (missing !== undefined) {
      throw new InvalidDataError(
        `requiredClaims asks for a claim '${missing}', and a token of this session would have none. It comes from ${optionName}.`,
      );
    }
    const size = Buffer.byteLength(JSON.stringify(claims));
    if (size > MAX_CLAIMS) {
      throw new InvalidDataError(
        `The claims of an access token would have ${size} bytes, more than the ${MAX_CLAIMS} that headers can be trusted with. Choose fewer with ${optionName}.`,
        { code: 'data_too_large' },
      );
    }
    return claims;
  }

  function toPayload(content: TokenContent): string {
    const { session, jti, generation, version, issuedAt, expiresAt } = content;
    const { sid, subject, createdAt, authenticatedAt } = session;
    // Rounded so that `expires_in` is kept, but nothing outlives the session.
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
      ...(generation === undefined ? {} : { gen: generation }),
      ...(version === undefined ? {} : { sv: version }),
      ses: { iat: Math.floor(createdAt / 1_000), exp: Math.floor(session.expiresAt / 1_000) },
    };
    const payload = JSON.stringify({ ...claims, ...chooseClaims(session) });
    const size = Buffer.byteLength(payload);
    if (size > MAX_PAYLOAD) {
      throw new InvalidDataError(
        `The access token would carry ${size} bytes, more than the ${MAX_PAYLOAD} that headers can be trusted with. Choose fewer claims with ${optionName}, or shorter subjects and audiences.`,
        { code: 'data_too_large' },
      );
    }
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
