import { Buffer } from 'node:buffer';
import type { JSONWebKeySet, JWK } from 'jose';
import { ALGORITHMS, isAlgorithm, type JwtAlgorithm } from './algorithms.js';

/** What of a published key is looked at; a private member is not among it. */
const MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'key_ops'] as const;

/** What a key is for that does not say it: the only one that it can be, or the one that every issuer means. */
const USUAL: Readonly<Record<string, JwtAlgorithm>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  Ed25519: 'EdDSA',
};

/**
 * The keys of a JWK Set that can verify here, each with its one algorithm (RFC 8725, section 3.1). Others are passed
 * over (RFC 7517, section 5): secrets, private keys, and RSA keys of less than 2,048 bits. `undefined` for what is no set.
 */
export function selectKeys(set: unknown): JSONWebKeySet | undefined {
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
  // Whoever has read the set can sign with a key whose private part is in it.
  if (traits.kty === 'oct' || jwk.d !== undefined) return undefined;
  if (traits.kty !== jwk.kty || ('crv' in traits && traits.crv !== jwk.crv)) return undefined;
  if ('minBits' in traits && bitsOf(jwk.n) < traits.minBits) return undefined;
  const members = MEMBERS.filter((name) => jwk[name] !== undefined);
  return { ...Object.fromEntries(members.map((name) => [name, jwk[name]])), kty: jwk.kty, alg };
}

/** The algorithm that a key names (RFC 9864 has a newer name for one), or that it is for where it names none. */
function algorithmOf({ alg, kty, crv }: Readonly<JWK>): unknown {
  const name: unknown = kty === 'RSA' ? kty : crv;
  if (alg === undefined) return typeof name === 'string' ? USUAL[name] : undefined;
  return alg === 'Ed25519' ? 'EdDSA' : alg;
}

/** The size of a modulus, whatever zeros are written before it. */
export function bitsOf(n: unknown): number {
  if (typeof n !== 'string') return 0;
  const bytes = Buffer.from(n, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
