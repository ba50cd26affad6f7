import { Buffer } from 'node:buffer';
import { type BoundedCache, createBoundedCache, sha256 } from '@sess/core/internal';
import { type CryptoKey, compactVerify, importJWK, type JWK } from 'jose';

/*
 * proof  = JWS compact serialization (RFC 7515, section 7.1)
 * header = {"typ":"dpop+jwt","alg","jwk"}
 * claims = {"jti","htm","htu","iat"} and "ath", "nonce"     ; RFC 9449, section 4.2
 */
const COMPACT = /^([\w-]+)\.([\w-]+)\.[\w-]+$/;
const MAX_LENGTH = 4_096;
const TYPE = 'dpop+jwt';
/** Members of private and of symmetric keys (RFC 7518, section 6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** The members of a public key that its thumbprint is made of, in order (RFC 7638, section 3.2). */
const KEYS = new Map<
  string,
  { readonly crv: string; readonly kty: string; readonly members: readonly string[] }
>([
  ['ES256', { kty: 'EC', crv: 'P-256', members: ['crv', 'kty', 'x', 'y'] }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', members: ['crv', 'kty', 'x'] }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519', members: ['crv', 'kty', 'x'] }],
]);

/** For the challenge of refused requests. */
export const ALGORITHMS = 'ES256 EdDSA';

/** Keys that are kept imported, by their thumbprints. */
const MAX_KEYS = 1_000;

/** A proof whose signature is not verified yet. */
export interface DpopProof {
  readonly jws: string;
  readonly alg: string;
  readonly jwk: JWK;
  /** The thumbprint of its key. */
  readonly jkt: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Returns the proof of a header, or `undefined` for anything that is not of its form. */
export function parseDpopProof(line: string | undefined): DpopProof | undefined {
  // Two lines are joined by a comma.
  const parts = line === undefined || line.length > MAX_LENGTH ? null : COMPACT.exec(line.trim());
  const header = parseObject(parts?.[1]);
  const claims = parseObject(parts?.[2]);
  if (header === undefined || claims === undefined) return undefined;
  const { typ, alg, jwk, crit } = header;
  if (typ !== TYPE || typeof alg !== 'string' || crit !== undefined) return undefined;
  const form = KEYS.get(alg);
  if (form === undefined || typeof jwk !== 'object' || jwk === null) return undefined;
  const key = jwk as Readonly<Record<string, unknown>>;
  if (key['kty'] !== form.kty || key['crv'] !== form.crv) return undefined;
  if (PRIVATE.some((name) => name in key)) return undefined;
  const members = form.members.map((name) => [name, key[name]] as const);
  if (!members.every(([, value]) => typeof value === 'string')) return undefined;
  const required = Object.fromEntries(members) as JWK;
  return {
    jws: line?.trim() ?? '',
    alg,
    jwk: required,
    jkt: sha256(JSON.stringify(required)),
    claims,
  };
}

function parseObject(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (part === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // No JSON: hostile input is a result.
    return undefined;
  }
}

/** Creates the check of signatures, with a cache of imported keys. */
export function createSignatureCheck(): (proof: DpopProof) => Promise<boolean> {
  const keys: BoundedCache<string, CryptoKey | Uint8Array> = createBoundedCache({
    maxEntries: MAX_KEYS,
  });
  return async ({ jws, alg, jwk, jkt }) => {
    try {
      const key = keys.get(jkt) ?? (await importJWK(jwk, alg));
      keys.set(jkt, key);
      await compactVerify(jws, key, { algorithms: [alg] });
      return true;
    } catch {
      // A wrong signature, or a point that is not on the curve.
      return false;
    }
  };
}
