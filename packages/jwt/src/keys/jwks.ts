import { Buffer } from 'node:buffer';
import { type Logger, StoreUnavailableError, UsageError } from '@sess/core';
import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWK } from 'jose';
import {
  ALGORITHMS,
  createSignatureCheck,
  isAlgorithm,
  type JwtAlgorithm,
  type SignatureCheck,
} from './key.js';

/** After a fetch, an unknown `kid` does not cause another one for this long. */
const COOLDOWN_MS = 30_000;
/** A fetch that takes longer is aborted. */
const TIMEOUT_MS = 5_000;
/** Pauses after failed fetches. The last one repeats. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const;

/** A key that was found in a JWK Set. */
export interface FoundKey {
  readonly alg: string;
  readonly verify: SignatureCheck;
}

/** The keys of another service. */
export interface JwksKeys {
  /**
   * Returns the key that a token names, `undefined` if the set has no usable one.
   *
   * @throws {StoreUnavailableError} if the set cannot be fetched: nothing is known of the token then
   */
  findKey(kid: string | undefined, at: number, alg: string): Promise<FoundKey | undefined>;
  /** Changes if the set changes or becomes too old: cached verifications are void then. */
  version(): number;
  ready(): Promise<void>;
}

export interface JwksContext {
  readonly uri?: string | URL;
  readonly jwks?: JSONWebKeySet;
  /** How long a fetched set is used, in milliseconds. */
  readonly maxAge: number;
  readonly now: () => number;
  readonly logger: Logger;
}

type GetKey = (header: { readonly alg: string; readonly kid?: string }) => Promise<CryptoKey>;

/**
 * Creates the source of another service's keys: a fixed set, or one that is fetched.
 *
 * @throws {UsageError} invalid_option
 */
export function createJwksKeys(context: JwksContext): JwksKeys {
  const { uri, jwks, logger } = context;
  if ((uri === undefined) === (jwks === undefined)) {
    throw invalid('verifyOnly: expected one of jwksUri and jwks, got both or none.');
  }
  const remote = uri === undefined ? undefined : createRemoteSet(assertUri(uri), context);
  const getKey: GetKey = remote?.getKey ?? createFixedSet(jwks);

  return {
    async findKey(kid, _at, alg) {
      // Secrets are never published: a token that asks for one tries to have a public key used as a secret.
      if (!isAlgorithm(alg) || ALGORITHMS[alg].kty === 'oct') return undefined;
      try {
        const key = await getKey({ alg, ...(kid === undefined ? {} : { kid }) });
        return { alg, verify: createSignatureCheck(key, alg) };
      } catch (error) {
        if (error instanceof StoreUnavailableError) throw error;
        // One invalid key of a set must not make the others unavailable: it verifies nothing.
        if (!isNoMatch(error)) logger.warn({ kid, error }, 'a key of the JWK Set is not valid');
        return undefined;
      }
    },
    version: () => remote?.version() ?? 0,
    ready: async () => remote?.reload(),
  };
}

/** True if the set is valid and has no key, or more than one key, for the token. */
function isNoMatch(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  );
}

interface RemoteSet {
  readonly getKey: GetKey;
  /** Fetches the set, even during a pause. */
  reload(): Promise<void>;
  version(): number;
}

function createRemoteSet(url: URL, { maxAge, now, logger }: JwksContext): RemoteSet {
  const pause = createFetchPause(now);
  let current: { readonly getKey: GetKey; readonly text: string } | undefined;
  let fetchedAt = 0;
  let changes = 0;
  let pending: Promise<void> | undefined;

  const isYounger = (milliseconds: number): boolean => {
    const age = now() - fetchedAt;
    // After a clock was set back, the age is unknown.
    return current !== undefined && age >= 0 && age < milliseconds;
  };

  async function fetchSet(): Promise<void> {
    try {
      const set = await download(url);
      const text = JSON.stringify(set);
      if (text !== current?.text) {
        current = { getKey: createLocalJWKSet(set), text };
        changes += 1;
      }
      fetchedAt = now();
      pause.succeeded();
    } catch (error) {
      pause.failed();
      logger.error({ error }, 'the JWK Set could not be fetched');
      throw new StoreUnavailableError('The JWK Set could not be fetched. See the cause.', {
        cause: error,
      });
    }
  }

  function load(): Promise<void> {
    pending ??= fetchSet().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function loadUnlessPaused(): Promise<void> {
    if (pending === undefined && pause.isOn()) {
      throw new StoreUnavailableError('The JWK Set could not be fetched a moment ago. Try again.');
    }
    await load();
  }

  async function getCurrentKey(header: Parameters<GetKey>[0]): Promise<CryptoKey> {
    if (current === undefined) throw new errors.JWKSNoMatchingKey();
    return current.getKey(header);
  }

  return {
    async getKey(header) {
      if (!isYounger(maxAge)) await loadUnlessPaused();
      try {
        return await getCurrentKey(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || isYounger(COOLDOWN_MS)) throw error;
      }
      await loadUnlessPaused();
      return getCurrentKey(header);
    },
    reload: load,
    // A set that has come again unchanged voids nothing, so that unknown kids cannot empty a cache.
    version: () => changes * 2 + (isYounger(maxAge) ? 0 : 1),
  };
}

/**
 * Fetches a JWK Set with at least one usable key. An empty set is a fault of the endpoint: it would refuse every token.
 */
async function download(url: URL): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    // A redirect could lead to another issuer.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    throw new Error(`expected status 200, got ${response.status}`);
  }
  const set = selectKeys(await response.json());
  if (set !== undefined && set.keys.length > 0) return set;
  throw new Error('expected a JWK Set with a usable public key, got another document');
}

/**
 * Keeps requests from fetching from a server that has just failed: for a second after the first failure, then for
 * longer, up to a limit, so that its recovery is noticed.
 */
function createFetchPause(now: () => number) {
  let failures = 0;
  let failedAt = 0;
  return {
    isOn(): boolean {
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0;
      const elapsed = now() - failedAt;
      // A clock that was set back must not lengthen the pause.
      return elapsed >= 0 && elapsed < pause;
    },
    failed(): void {
      failures += 1;
      failedAt = now();
    },
    succeeded(): void {
      failures = 0;
    },
  };
}

function createFixedSet(jwks: unknown): GetKey {
  const set = selectKeys(jwks);
  if (set !== undefined && set.keys.length > 0) return createLocalJWKSet(set);
  throw invalid(
    'jwks: expected a JWK Set with at least one public key for ES256, EdDSA, RS256 or PS256, got another value.',
  );
}

function assertUri(uri: string | URL): URL {
  const isText = typeof uri === 'string' || uri instanceof URL;
  const url = isText && URL.canParse(String(uri)) ? new URL(uri) : undefined;
  const isLocal =
    url !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url;
  throw invalid(
    'jwksUri: expected an https URL, got another value. With plain HTTP, others can replace the keys on the way and sign in as any user.',
  );
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}

/** The members of a published key that are used. No private member is among them. */
const MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'key_ops'] as const;

/** The algorithm of a key that names none: the only one possible, or the usual one. */
const USUAL: Readonly<Record<string, JwtAlgorithm>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  Ed25519: 'EdDSA',
};

/**
 * Returns the usable keys of a JWK Set, each with its one algorithm (RFC 8725, section 3.1), `undefined` if the value
 * is not a set. Secrets, private keys and RSA keys of less than 2,048 bits are left out (RFC 7517, section 5).
 */
function selectKeys(set: unknown): JSONWebKeySet | undefined {
  if (typeof set !== 'object' || set === null || !('keys' in set)) return undefined;
  return Array.isArray(set.keys)
    ? { keys: set.keys.flatMap((key) => select(key) ?? []) }
    : undefined;
}

function select(key: unknown): JWK | undefined {
  if (typeof key !== 'object' || key === null) return undefined;
  const jwk = key as Readonly<JWK>;
  const alg = algorithmOf(jwk);
  if (!isAlgorithm(alg)) return undefined;
  const traits = ALGORITHMS[alg];
  // Every reader of the set can sign with a key whose private part is in it.
  if (traits.kty === 'oct' || jwk.d !== undefined) return undefined;
  if (traits.kty !== jwk.kty || ('crv' in traits && traits.crv !== jwk.crv)) return undefined;
  if ('minBits' in traits && bitsOf(jwk.n) < traits.minBits) return undefined;
  const members = MEMBERS.filter((name) => jwk[name] !== undefined);
  return { ...Object.fromEntries(members.map((name) => [name, jwk[name]])), kty: jwk.kty, alg };
}

/** Returns the algorithm that a key names (RFC 9864 has a newer name for one), or the usual one if it names none. */
function algorithmOf({ alg, kty, crv }: Readonly<JWK>): unknown {
  const name: unknown = kty === 'RSA' ? kty : crv;
  if (alg === undefined) return typeof name === 'string' ? USUAL[name] : undefined;
  return alg === 'Ed25519' ? 'EdDSA' : alg;
}

/** Returns the size of a modulus in bits, leading zeros not counted. */
export function bitsOf(n: unknown): number {
  if (typeof n !== 'string') return 0;
  const bytes = Buffer.from(n, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
