import { Buffer } from 'node:buffer';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Logger } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import type { JWK } from 'jose';
import { importJwk, type JwtAlgorithm, type JwtKey } from '../src/index.js';
import { createKeyRing, type KeySource, type Keys, toKeySource } from '../src/keys/key-set.js';
import { secretKey } from '../src/keys/secret-key.js';
import {
  createReader,
  createVerifiedTokens,
  type TokenReading,
  type VerifiedTokens,
} from '../src/token/reader.js';
import { forge, type Part } from './forge.js';
import { rsaPair } from './keys/rsa.js';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://api.example';

const rsa = rsaPair('rsa-2048-a').privateKey.export({ format: 'jwk' });
const JWKS: Readonly<Record<JwtAlgorithm, JWK>> = {
  HS256: secretJwk(32),
  HS384: secretJwk(48),
  HS512: secretJwk(64),
  ES256: exported(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  EdDSA: exported(generateKeyPairSync('ed25519')),
  RS256: rsa as JWK,
  PS256: rsa as JWK,
};

export const ALL_ALGORITHMS = Object.keys(JWKS) as readonly JwtAlgorithm[];

function secretJwk(bytes: number): JWK {
  return { kty: 'oct', k: randomBytes(bytes).toString('base64url') };
}

function exported({ privateKey }: ReturnType<typeof generateKeyPairSync>): JWK {
  if (typeof privateKey === 'string' || Buffer.isBuffer(privateKey)) throw new TypeError();
  return privateKey.export({ format: 'jwk' }) as JWK;
}

/** A key of the package, and the JWK that it was made of, for those who sign without the package. */
export interface TestKey {
  readonly alg: JwtAlgorithm;
  readonly jwk: JWK;
  readonly kid: string;
  readonly key: JwtKey;
}

export async function testKey(alg: JwtAlgorithm, kid = `test-${alg}`): Promise<TestKey> {
  const jwk = JWKS[alg];
  return { alg, jwk, kid, key: await importJwk(jwk, { alg, kid }) };
}

/** A key pair of its own, where there have to be two. */
export async function freshKey(kid: string): Promise<TestKey> {
  const jwk = exported(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  return { alg: 'ES256', jwk, kid, key: await importJwk(jwk, { kid }) };
}

/** The claims of a good token, at the fake clock's start: good for ten minutes. */
export function goodClaims(more: object = {}): Record<string, unknown> {
  const now = createFakeClock().now() / 1_000;
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ada',
    sid: 'S'.repeat(32),
    jti: 'token-1',
    iat: now,
    exp: now + 600,
    ...more,
  };
}

export function goodHeader({ alg, kid }: TestKey, more: object = {}): Record<string, unknown> {
  return { alg, typ: 'at+jwt', kid, ...more };
}

/** A token that is good but for what is said otherwise. */
export function tokenOf(
  by: TestKey,
  { header = {}, claims = {} }: { readonly header?: object; readonly claims?: object } = {},
): string {
  return forge(goodHeader(by, header), goodClaims(claims), by);
}

/** As `tokenOf`, with parts written out. */
export function tokenOfParts(
  by: TestKey,
  { header, payload }: { readonly header?: Part; readonly payload?: Part },
): string {
  return forge(header ?? goodHeader(by), payload ?? goodClaims(), by);
}

/** Remembers no token: every signature is checked. */
const NO_CACHE: VerifiedTokens = { keepFor: () => {}, get: () => undefined, set: () => {} };

interface ReaderOptions {
  readonly logger?: Logger;
  readonly leeway?: number;
  readonly overlap?: number;
  readonly maxRemembered?: number;
  readonly required?: readonly string[];
  readonly audiences?: readonly string[];
}

const isSource = (keys: Keys | KeySource): keys is KeySource =>
  typeof keys === 'object' && 'current' in keys;

/** A reader with a clock of its own. */
export function arrangeReader(keys: Keys | KeySource, options: ReaderOptions = {}) {
  const { leeway = 0, overlap = 900_000, maxRemembered = 100 } = options;
  const clock = createFakeClock();
  const ring = createKeyRing(isSource(keys) ? keys : toKeySource(keys, secretKey), overlap);
  const read = createReader({
    findKey: ring.find,
    version: ring.version,
    expected: {
      issuer: ISSUER,
      audiences: options.audiences ?? [AUDIENCE],
      required: options.required ?? [],
    },
    findForeignClaim: () => undefined,
    leeway,
    logger: options.logger ?? silentLogger,
    verified: maxRemembered === 0 ? NO_CACHE : createVerifiedTokens(maxRemembered),
  });
  return {
    clock,
    ring,
    read: async (token: unknown): Promise<TokenReading> => read(token, clock.now()),
  };
}

/** What became of a token, in a word. */
export const outcomeOf = (reading: TokenReading): string =>
  reading.ok ? 'accepted' : reading.reason;
