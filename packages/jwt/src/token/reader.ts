import * as crypto from 'node:crypto';
import type { Logger, Session } from '@sess/core';
import { type AcceptedReading, type AccessReading, createBoundedCache } from '@sess/core/internal';
import type { KeyRing } from '../keys/key-set.js';
import {
  type CheckedClaims,
  type ExpectedClaims,
  findWrongClaim,
  type TokenClaims,
  toClaimedSession,
} from './claims.js';
import { decodeObject, MAX_TOKEN_LENGTH, parseCompact } from './compact.js';

/** A token with a valid signature and valid claims. Its times still have to be compared with the clock. */
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
  /** `genuine`: the token, if only its times made it fail. */
  | (Extract<AccessReading, { ok: false }> & { readonly genuine?: VerifiedToken });

/** Reads a token. Synchronous unless the signature needs WebCrypto, or keys have to be fetched. */
export type TokenReader = (token: unknown, at: number) => TokenReading | Promise<TokenReading>;

/** A key as readers use it. */
export interface VerifyingKey {
  readonly alg: string;
  verify(token: string): boolean | Promise<boolean>;
}

/** What a reader needs. */
export interface ReaderContext {
  /** Returns the key that a token names, or `undefined`. Rejects if keys are unavailable. */
  readonly findKey: (
    kid: string | undefined,
    at: number,
    alg: string,
  ) => VerifyingKey | undefined | Promise<VerifyingKey | undefined>;
  readonly version: KeyRing['version'];
  readonly expected: ExpectedClaims;
  /** Returns the claim because of which this engine refuses a genuine token, `undefined` if it accepts the token. */
  readonly findForeignClaim: (token: VerifiedToken) => keyof TokenClaims | undefined;
  /** Milliseconds. */
  readonly leeway: number;
  /** Receives, at debug level, why a token was refused. */
  readonly logger: Pick<Logger, 'debug'>;
  /** Default: 10,000 tokens, 16 MiB. */
  readonly verified?: VerifiedTokens;
}

/** A token with a valid signature. */
interface SignedToken {
  readonly text: string;
  readonly payload: string;
  /** Version of the key ring when the key was looked up. */
  readonly keyVersion: number;
}

const MALFORMED: TokenReading = Object.freeze({ ok: false, reason: 'malformed' });
const UNKNOWN: TokenReading = Object.freeze({ ok: false, reason: 'unknown' });

/** Headers by which a token could supply its own key, or a place to get one from (RFC 8725, section 3.10). */
const KEY_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'] as const;
/** RFC 9068, section 2.1. */
const TYPES: ReadonlySet<unknown> = new Set(['at+jwt', 'application/at+jwt']);

/**
 * Creates a strict reader (RFC 8725; RFC 9068, section 4). A token must have its one spelling, the algorithm of its
 * key, a known `kid`, no header that the reader does not implement, and no claim of a wrong type.
 */
export function createReader(context: ReaderContext): TokenReader {
  const { findKey, expected, findForeignClaim, leeway, logger } = context;
  const { verified = createVerifiedTokens() } = context;
  // All tokens of one key have the same header.
  let lastHeader: { readonly text: string; readonly header: GoodHeader } | undefined;

  /** Operators learn the reason from the log; clients get the same response for every rejected token. */
  function refuse(cause: string, fields: object = {}): TokenReading {
    logger.debug({ cause, ...fields }, 'access token rejected');
    return UNKNOWN;
  }

  function readHeader(text: string): GoodHeader | undefined {
    if (lastHeader?.text === text) return lastHeader.header;
    const header = decodeObject(text);
    if (header === undefined || !isGoodHeader(header)) return undefined;
    lastHeader = { text, header };
    return header;
  }

  function checkTimes(token: VerifiedToken, at: number): TokenReading {
    const { sid, digest } = token;
    if (at >= token.expiresAt) {
      logger.debug({ cause: 'exp', sid }, 'access token rejected');
      return { ok: false, reason: 'expired', sid, digest, genuine: token };
    }
    if (at >= token.notBefore) return token;
    refuse('nbf', { sid });
    return { ok: false, reason: 'unknown', sid, genuine: token };
  }

  /** Called for a token with a valid signature. */
  function accept({ text, payload, keyVersion }: SignedToken, at: number): TokenReading {
    const object = decodeObject(payload);
    if (object === undefined) return refuse('payload');
    const wrong = findWrongClaim(object, expected);
    if (wrong !== undefined) return refuse(wrong);
    const token = toVerifiedToken(object as CheckedClaims, leeway);
    if (token === undefined) return refuse('data');
    const foreign = findForeignClaim(token);
    if (foreign !== undefined) return refuse(foreign, { sid: token.sid });
    const reading = checkTimes(token, at);
    // A key can be removed while its signature is checked: its token must not be cached among those of the new keys.
    if (reading.ok && context.version(at) === keyVersion) verified.set(text, token);
    return reading;
  }

  return (text, at) => {
    if (typeof text !== 'string' || text.length > MAX_TOKEN_LENGTH) return MALFORMED;
    const keyVersion = context.version(at);
    verified.keepFor(keyVersion);
    const known = verified.get(text);
    if (known !== undefined) return checkTimes(known, at);

    const compact = parseCompact(text);
    if (compact === undefined) return MALFORMED;
    const header = readHeader(compact.header);
    if (header === undefined) return MALFORMED;
    const { kid, alg } = header;
    const check = (key: VerifyingKey | undefined): TokenReading | Promise<TokenReading> => {
      if (key === undefined) return refuse('kid');
      if (key.alg !== alg) return refuse('alg');
      const isGenuine = key.verify(text);
      const conclude = (isGood: boolean): TokenReading =>
        isGood ? accept({ text, payload: compact.payload, keyVersion }, at) : refuse('signature');
      return typeof isGenuine === 'boolean' ? conclude(isGenuine) : isGenuine.then(conclude);
    };
    const key = findKey(kid, at, alg);
    return key instanceof Promise ? key.then(check) : check(key);
  };
}

function toVerifiedToken(claims: CheckedClaims, leeway: number): VerifiedToken | undefined {
  const session = toClaimedSession(claims);
  if (session === undefined) return undefined;
  const { sid, jti, gen = -1, sv = -1, nbf = 0, exp } = claims;
  return Object.freeze({
    ok: true,
    sid,
    digest: jti,
    claimed: Object.freeze({ session, generation: gen, version: sv }),
    notBefore: nbf * 1_000 - leeway,
    expiresAt: exp * 1_000 + leeway,
  });
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
    // An extension that must be understood; none is (RFC 7515, section 4.1.11). `b64` is one of them.
    !('crit' in header) &&
    !('b64' in header) &&
    !KEY_HEADERS.some((name) => Object.hasOwn(header, name))
  );
}

/** Tokens with a valid signature, by a digest of their text. Nothing that could be presented is kept. */
export interface VerifiedTokens {
  /** Removes all tokens if the keys have changed. */
  keepFor(keyVersion: number): void;
  get(token: string): VerifiedToken | undefined;
  set(token: string, value: VerifiedToken): void;
}

const digest: (text: string) => string =
  // One-shot hashing costs half as much, and is missing on runtimes older than Node 20.12.
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'base64url')
    : (text) => crypto.createHash('sha256').update(text).digest('base64url');

const MAX_VERIFIED = 10_000;
const MAX_VERIFIED_BYTES = 16 * 1_024 * 1_024;
/** Approximate size of an entry besides its claims, which are about as large as the token. */
const ENTRY_BYTES = 500;

/** Creates a bounded cache of verified tokens. */
export function createVerifiedTokens(maxEntries: number = MAX_VERIFIED): VerifiedTokens {
  const entries = createBoundedCache<
    string,
    { readonly token: VerifiedToken; readonly bytes: number }
  >({ maxEntries, maxBytes: MAX_VERIFIED_BYTES, sizeOf: ({ bytes }) => bytes });
  let version: number | undefined;

  return {
    keepFor(keyVersion) {
      if (version === keyVersion) return;
      version = keyVersion;
      entries.clear();
    },
    get: (text) => entries.get(digest(text))?.token,
    set(text, token) {
      entries.set(digest(text), { token, bytes: text.length + ENTRY_BYTES });
    },
  };
}
