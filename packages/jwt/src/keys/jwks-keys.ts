import { StoreUnavailableError, UsageError } from '@sess/core';
import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWKSCacheInput,
  jwksCache,
} from 'jose';
import { ALGORITHMS, isAlgorithm } from './algorithms.js';
import { createFetchPause, type FetchPause } from './fetch-pause.js';
import { selectKeys } from './published-set.js';
import { createSignatureCheck } from './signature.js';

/** A key that was found in a JWK Set. */
export interface FoundKey {
  readonly alg: string;
  verify(token: string): boolean | Promise<boolean>;
}

/** The keys of another service. */
export interface JwksKeys {
  /** @throws StoreUnavailableError when the set cannot be fetched: nothing is known of the token then */
  findKey(kid: string | undefined, at: number, alg: string): Promise<FoundKey | undefined>;
  /** Changes when the set is another one, or too old, so that nothing is remembered longer than the keys are good. */
  version(): number;
  ready(): Promise<void>;
}

export interface JwksContext {
  readonly uri?: string | URL;
  readonly jwks?: JSONWebKeySet;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly cooldown: number;
  readonly timeout: number;
  readonly now: () => number;
}

type GetKey = (header: { readonly alg: string; readonly kid?: string }) => Promise<CryptoKey>;

/** @throws UsageError `invalid_option` */
export function createJwksKeys(context: JwksContext): JwksKeys {
  const { uri, jwks } = context;
  if ((uri === undefined) === (jwks === undefined)) {
    throw invalid('verifyOnly: write jwksUri or jwks, and not both.');
  }
  const remote = uri === undefined ? undefined : createRemote(assertUri(uri), context);
  const getKey: GetKey = remote?.set ?? createLocal(jwks);

  return {
    async findKey(kid, _at, alg) {
      // Secrets are never published: a token that asks for one tries to have a public key taken for it.
      if (!isAlgorithm(alg) || ALGORITHMS[alg].kty === 'oct') return undefined;
      const key = await tryGet(() => getKey({ alg, ...(kid === undefined ? {} : { kid }) }));
      return key === undefined ? undefined : { alg, verify: createSignatureCheck(key, alg) };
    },
    version: () => remote?.version() ?? 0,
    async ready() {
      if (remote !== undefined) await tryGet(remote.reload);
    },
  };
}

/** What jose says of a set that it has, and that holds no key for the token. */
const NO_KEY = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSENotSupported,
] as const;

async function tryGet<Result>(get: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await get();
  } catch (error) {
    if (NO_KEY.some((kind) => error instanceof kind)) return undefined;
    throw new StoreUnavailableError('The JWK Set could not be fetched or read. See the cause.', {
      cause: error,
    });
  }
}

function createRemote(url: URL, { maxAge, cooldown, timeout, now }: JwksContext) {
  const cache: { jwks?: JSONWebKeySet; uat?: number } = {};
  const pause = createFetchPause(now);
  const set = createRemoteJWKSet(url, {
    cacheMaxAge: maxAge,
    cooldownDuration: cooldown,
    timeoutDuration: timeout,
    [customFetch]: fetchBy(pause),
    [jwksCache]: cache as JWKSCacheInput,
  });
  let seen: JSONWebKeySet | undefined;
  let text: string | undefined;
  let changes = 0;
  return {
    set,
    reload(): Promise<void> {
      pause.lift();
      return set.reload();
    },
    version(): number {
      if (cache.jwks !== seen) {
        seen = cache.jwks;
        const newest = JSON.stringify(seen);
        // Whoever asks for unknown keys makes the same set come again: nothing is forgotten for that.
        if (newest !== text) changes += 1;
        text = newest;
      }
      return changes * 2 + (set.fresh ? 0 : 1);
    },
  };
}

/** Lets jose see nothing but keys that can be used, and no server that has just failed. */
function fetchBy(pause: FetchPause): FetchImplementation {
  return async (url, options) => {
    if (pause.isOn()) throw new Error('It failed a moment ago, and is left alone for a while.');
    try {
      const response = await fetch(url, options);
      const set = response.status === 200 ? selectKeys(await response.json()) : undefined;
      if (set === undefined) pause.failed();
      else pause.succeeded();
      return response.status === 200 ? Response.json(set ?? null) : response;
    } catch (error) {
      pause.failed();
      throw error;
    }
  };
}

function createLocal(jwks: unknown): GetKey {
  const set = selectKeys(jwks);
  if (set !== undefined && set.keys.length > 0) return createLocalJWKSet(set);
  throw invalid(
    'jwks: write a JWK Set, an object whose member keys is a list of public keys, with one at least for ES256, EdDSA, RS256 or PS256.',
  );
}

function assertUri(uri: string | URL): URL {
  const isText = typeof uri === 'string' || uri instanceof URL;
  const url = isText && URL.canParse(String(uri)) ? new URL(uri) : undefined;
  const isLocal =
    url !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url;
  throw invalid(
    "jwksUri: write an https URL, as in 'https://api.example.com/.well-known/jwks.json'. Whoever can change the keys on their way can sign in as anybody.",
  );
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}
