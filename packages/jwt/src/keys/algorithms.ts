/** The algorithms that keys may have. A key has exactly one, and no token gets to choose (RFC 8725, section 3.1). */
export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'EdDSA' | 'RS256' | 'PS256';

/** What a key of an algorithm has to look like (RFC 7518, sections 3 and 6; RFC 8037). */
export type AlgorithmTraits =
  | { readonly kty: 'oct'; readonly hash: string; readonly minBytes: number }
  | { readonly kty: 'EC' | 'OKP'; readonly crv: string }
  | { readonly kty: 'RSA'; readonly minBits: number };

export const ALGORITHMS: Readonly<Record<JwtAlgorithm, AlgorithmTraits>> = {
  // A key of the size of the hash output or larger MUST be used (RFC 7518, section 3.2).
  HS256: { kty: 'oct', hash: 'sha256', minBytes: 32 },
  HS384: { kty: 'oct', hash: 'sha384', minBytes: 48 },
  HS512: { kty: 'oct', hash: 'sha512', minBytes: 64 },
  ES256: { kty: 'EC', crv: 'P-256' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  RS256: { kty: 'RSA', minBits: 2_048 },
  PS256: { kty: 'RSA', minBits: 2_048 },
};

export function isAlgorithm(value: unknown): value is JwtAlgorithm {
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
}

/** `HS256`, `HS384` … for messages. */
export const ALGORITHM_NAMES: string = Object.keys(ALGORITHMS).join(', ');
