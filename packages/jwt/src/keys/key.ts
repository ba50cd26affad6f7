import { Buffer } from 'node:buffer';
import * as crypto from 'node:crypto';
import { UsageError } from '@sess/core';
import { formatShort } from '@sess/core/internal';
import { type CryptoKey, compactVerify, errors, type JWK } from 'jose';

/** The algorithms that keys may have. A key has exactly one, and a token cannot choose (RFC 8725, section 3.1). */
export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'EdDSA' | 'RS256' | 'PS256';

/** What a key of an algorithm has to be (RFC 7518, sections 3 and 6; RFC 8037). */
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

/** True if a value is the name of an algorithm of the table. */
export function isAlgorithm(value: unknown): value is JwtAlgorithm {
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
}

/** `HS256, HS384, …`, for messages. */
export const ALGORITHM_NAMES: string = Object.keys(ALGORITHMS).join(', ');

/*
 * kid = 1*128( ALPHA / DIGIT / "-" / "." / "_" / "~" / ":" / "=" )
 *
 * RFC 7515 section 4.1.4 allows any string. A kid that could be a path or a query is refused (RFC 8725, section 3.10).
 */
const KID = /^(?!\.{1,2}$)[A-Za-z0-9._~:=-]{1,128}$/;

/** @throws {UsageError} invalid_option */
export function assertKid(value: unknown): asserts value is string {
  if (typeof value === 'string' && KID.test(value)) return;
  throw new UsageError(
    'invalid_option',
    `kid: expected 1 to 128 letters, digits and '-._~:=', got ${formatShort(value)}.`,
  );
}

/** A public key as it is published (RFC 7517, section 4). */
export type PublicJwk = Readonly<JWK>;

/** How a key signs and verifies tokens in their compact form. */
export interface KeyMaterial {
  /** Absent for a key that only verifies. */
  readonly sign?: (header: object, payload: string) => string | Promise<string>;
  readonly verify: SignatureCheck;
  /** Absent for a secret. */
  readonly publicJwk?: PublicJwk;
  /** Absent if the runtime cannot export the private key. */
  readonly exportPrivateJwk?: () => Promise<JWK>;
}

/** Registered, so that keys of another copy of this package are recognised. */
const BRAND = Symbol.for('sess.jwt-key');

/**
 * A key with its one algorithm and its `kid`. Created by `secretKey`, `importJwk`, `importPem` and `generateKey`. It
 * shows neither the secret nor the private part when it is inspected, logged or converted to JSON.
 */
export class JwtKey {
  static {
    Object.defineProperty(JwtKey.prototype, BRAND, { value: true });
  }

  readonly kid: string;
  readonly alg: JwtAlgorithm;
  readonly #material: KeyMaterial;

  constructor(name: { readonly kid: string; readonly alg: JwtAlgorithm }, material: KeyMaterial) {
    this.kid = name.kid;
    this.alg = name.alg;
    this.#material = material;
    Object.freeze(this);
  }

  /** True if the key is a secret that signer and verifier share. */
  get isSymmetric(): boolean {
    return this.alg.startsWith('HS');
  }

  /** True if the key can sign. A public key can only verify. */
  get canSign(): boolean {
    return this.#material.sign !== undefined;
  }

  /** The public key with `kid`, `alg` and `use`. `undefined` for a secret. */
  get publicJwk(): PublicJwk | undefined {
    return this.#material.publicJwk;
  }

  /**
   * Returns the private key as a JWK. Keep it where secrets are kept.
   *
   * @throws {UsageError} invalid_argument if the key has no private part
   */
  async exportPrivateJwk(): Promise<JWK> {
    const { exportPrivateJwk } = this.#material;
    if (exportPrivateJwk !== undefined) return exportPrivateJwk();
    throw new UsageError(
      'invalid_argument',
      `exportPrivateJwk: expected a key pair that can sign, got '${this.kid}', which has no private part.`,
    );
  }

  /** Returns the compact form of a signed payload (RFC 7515, section 7.1). @internal */
  sign(payload: string): string | Promise<string> {
    const { sign } = this.#material;
    if (sign === undefined) {
      throw new UsageError(
        'invalid_argument',
        `sign: expected a key that can sign, got '${this.kid}', which can only verify.`,
      );
    }
    return sign({ alg: this.alg, typ: 'at+jwt', kid: this.kid }, payload);
  }

  /** True if this key signed a well-formed token. @internal */
  verify(token: string): boolean | Promise<boolean> {
    return this.#material.verify(token);
  }
}

/** True if a value is a key of this package, in whichever copy of it the key was created. */
export function isJwtKey(value: unknown): value is JwtKey {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** Returns true if a key signed a token. Synchronous if the runtime can do it. */
export type SignatureCheck = (token: string) => boolean | Promise<boolean>;

/** How `node:crypto` checks the signatures of an algorithm, with an example of an RFC that it must accept. */
interface Scheme {
  readonly hash: string | undefined;
  readonly bytes: number;
  readonly jwk: crypto.JsonWebKey;
  readonly example: string;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  [
    'ES256',
    {
      hash: 'sha256',
      bytes: 64,
      // RFC 7515, appendix A.3
      jwk: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      example:
        'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    },
  ],
  [
    'EdDSA',
    {
      hash: undefined,
      bytes: 64,
      // RFC 8037, appendix A.4
      jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      example:
        'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    },
  ],
]);

/** The algorithms for which this runtime's `node:crypto` accepts the example of the RFC. Not every runtime does. */
const SYNCHRONOUS: ReadonlySet<string> = new Set([...SCHEMES.keys()].filter(isSupported));

/**
 * Creates the signature check of a key pair for the one algorithm of the key. It uses `node:crypto` if possible: that
 * is synchronous, and faster than WebCrypto with its thread. The reader has already refused every second spelling of a
 * token.
 */
export function createSignatureCheck(key: CryptoKey, alg: string): SignatureCheck {
  const scheme = SYNCHRONOUS.has(alg) ? SCHEMES.get(alg) : undefined;
  if (scheme === undefined) return (token) => isSignedBy(token, key, alg);
  return createSynchronousCheck(crypto.KeyObject.from(key as crypto.webcrypto.CryptoKey), scheme);
}

function createSynchronousCheck(
  key: crypto.KeyObject,
  { hash, bytes }: Scheme,
): (token: string) => boolean {
  const material = { key, dsaEncoding: 'ieee-p1363' } as const;
  return (token) => {
    const dot = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(dot + 1), 'base64url');
    if (signature.length !== bytes) return false;
    return crypto.verify(hash, Buffer.from(token.slice(0, dot), 'latin1'), material, signature);
  };
}

function isSupported(alg: string): boolean {
  const scheme = SCHEMES.get(alg);
  if (scheme === undefined) return false;
  try {
    const key = crypto.createPublicKey({ key: scheme.jwk, format: 'jwk' });
    const check = createSynchronousCheck(key, scheme);
    const changed = scheme.example.replace('.', 'A.');
    return typeof crypto.KeyObject.from === 'function' && check(scheme.example) && !check(changed);
  } catch {
    // The runtime lacks the function or the algorithm; WebCrypto is used instead.
    return false;
  }
}

async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
