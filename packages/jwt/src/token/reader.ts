import type { Session } from '@sess/core';
import type { AcceptedReading, AccessReading } from '@sess/core/engine';
import type { KeyRing } from '../keys/key-ring.js';
import { checkClaims, type ExpectedClaims, toClaimedSession } from './claims.js';
import { decodeObject, MAX_TOKEN_LENGTH, parseCompact } from './compact.js';
import type { VerifiedTokens } from './verified-tokens.js';

/** A token whose signature and claims are good; its times are still to be held against the clock. */
export interface VerifiedToken extends AcceptedReading {
  /** Its `digest` is the `jti`. */
  readonly claimed: {
    readonly session: Session<object>;
    /** Of the refresh token; -1 if the token has none. */
    readonly generation: number;
    /** The subject's version in the denylist; -1 if the token has none. */
    readonly version: number;
  };
  /** Epoch milliseconds, leeway included. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

export type TokenReading =
  | VerifiedToken
  /** `expired`: a genuine token that has run out. */
  | (Extract<AccessReading, { ok: false }> & { readonly expired?: VerifiedToken });

/** Answers at once what it can, and promises what takes a signature of a key pair. */
export type TokenReader = (token: unknown, at: number) => TokenReading | Promise<TokenReading>;

/** A key as readers use it. */
export interface VerifyingKey {
  /** The one algorithm that it has. */
  readonly alg: string;
  verify(token: string): boolean | Promise<boolean>;
}

/** What a reader goes by. */
export interface ReaderContext {
  /** The key that a token names, or `undefined`. Rejects when keys cannot be had. */
  readonly findKey: (
    kid: string | undefined,
    at: number,
    alg: string,
  ) => VerifyingKey | undefined | Promise<VerifyingKey | undefined>;
  readonly version: KeyRing['version'];
  readonly expected: ExpectedClaims;
  /** A last condition. */
  readonly admits: (token: VerifiedToken) => boolean;
  /** Milliseconds. */
  readonly leeway: number;
  readonly verified: VerifiedTokens<VerifiedToken>;
}

/** A token whose signature is good. */
interface Genuine {
  readonly text: string;
  readonly payload: string;
  /** Of when its key was looked for. */
  readonly keyVersion: number;
}

const MALFORMED: TokenReading = Object.freeze({ ok: false, reason: 'malformed' });
const UNKNOWN: TokenReading = Object.freeze({ ok: false, reason: 'unknown' });

/** Where a token might bring its own key, or its place (RFC 8725, section 3.10). */
const FOREIGN_KEYS = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'] as const;
/** RFC 9068, section 2.1. */
const TYPES: ReadonlySet<unknown> = new Set(['at+jwt', 'application/at+jwt']);

/**
 * Reads tokens, strictly (RFC 8725; RFC 9068, section 4): one spelling, the algorithm that its key has, a known `kid`,
 * no header that this does not know how to honour, no claim of a wrong type.
 */
export function createReader(context: ReaderContext): TokenReader {
  const { findKey, expected, admits, leeway, verified } = context;
  // The tokens of one key have one header.
  let lastHeader: { readonly text: string; readonly header: GoodHeader } | undefined;

  function readHeader(text: string): GoodHeader | undefined {
    if (lastHeader?.text === text) return lastHeader.header;
    const header = decodeObject(text);
    if (header === undefined || !isGoodHeader(header)) return undefined;
    lastHeader = { text, header };
    return header;
  }

  function judge(token: VerifiedToken, at: number): TokenReading {
    const { sid, digest } = token;
    if (at >= token.expiresAt) return { ok: false, reason: 'expired', sid, digest, expired: token };
    return at < token.notBefore ? UNKNOWN : token;
  }

  /** After the signature was found good. */
  function accept({ text, payload, keyVersion }: Genuine, at: number): TokenReading {
    const object = decodeObject(payload);
    const claims = object === undefined ? undefined : checkClaims(object, expected);
    const session = claims && toClaimedSession(claims);
    if (claims === undefined || session === undefined) return UNKNOWN;
    // A token without a generation is not one that a store renews, and without a version not one that a denylist knows.
    const { sid, jti, gen = -1, sv = -1, nbf = 0, exp } = claims;
    const token: VerifiedToken = Object.freeze({
      ok: true,
      sid,
      digest: jti,
      claimed: Object.freeze({
        session,
        generation: gen,
        version: sv,
      }),
      notBefore: nbf * 1_000 - leeway,
      expiresAt: exp * 1_000 + leeway,
    });
    if (!admits(token)) return UNKNOWN;
    const reading = judge(token, at);
    // A key may have gone while its signature was checked: what it signed must not be remembered among the keys of now.
    if (reading.ok && context.version(at) === keyVersion) verified.set(text, token);
    return reading;
  }

  return (text, at) => {
    if (typeof text !== 'string' || text.length > MAX_TOKEN_LENGTH) return MALFORMED;
    const keyVersion = context.version(at);
    verified.keepFor(keyVersion);
    const known = verified.get(text);
    if (known !== undefined) return judge(known, at);

    const compact = parseCompact(text);
    if (compact === undefined) return MALFORMED;
    const header = readHeader(compact.header);
    if (header === undefined) return MALFORMED;
    const { kid, alg } = header;
    const check = (key: VerifyingKey | undefined): TokenReading | Promise<TokenReading> => {
      if (key === undefined || key.alg !== alg) return UNKNOWN;
      const isGenuine = key.verify(text);
      const conclude = (isGood: boolean): TokenReading =>
        isGood ? accept({ text, payload: compact.payload, keyVersion }, at) : UNKNOWN;
      return typeof isGenuine === 'boolean' ? conclude(isGenuine) : isGenuine.then(conclude);
    };
    const key = findKey(kid, at, alg);
    return key instanceof Promise ? key.then(check) : check(key);
  };
}

interface GoodHeader {
  readonly alg: string;
  readonly kid?: string;
}

function isGoodHeader(header: object): header is GoodHeader {
  const { alg, kid, typ } = header as Readonly<Record<string, unknown>>;
  return (
    typeof alg === 'string' &&
    (kid === undefined || typeof kid === 'string') &&
    TYPES.has(typeof typ === 'string' ? typ.toLowerCase() : typ) &&
    // Extensions that must be understood: none is (RFC 7515, section 4.1.11). b64 is one of them.
    !('crit' in header) &&
    !('b64' in header) &&
    !FOREIGN_KEYS.some((name) => Object.hasOwn(header, name))
  );
}
