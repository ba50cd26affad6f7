import { UsageError } from '@sess/core';
import type { JWK } from 'jose';
import type { JwtAlgorithm } from './algorithms.js';

/** A public key as it is published (RFC 7517, section 4). */
export type PublicJwk = Readonly<JWK>;

/** How a key signs and verifies tokens in their compact form. */
export interface KeyMaterial {
  /** Absent for a key that only verifies. */
  readonly sign?: (header: object, payload: string) => string | Promise<string>;
  readonly verify: (token: string) => boolean | Promise<boolean>;
  /** Absent for a secret. */
  readonly publicJwk?: PublicJwk;
  /** Absent where it cannot be had out of the runtime. */
  readonly exportPrivateJwk?: () => Promise<JWK>;
}

/**
 * A key with its one algorithm and its `kid`. Made by `secretKey`, `importJwk`, `importPem` and `generateKey`; it shows
 * neither secret nor private part when it is inspected, logged, or turned into JSON.
 */
export class JwtKey {
  readonly kid: string;
  readonly alg: JwtAlgorithm;
  readonly #material: KeyMaterial;

  constructor(name: { readonly kid: string; readonly alg: JwtAlgorithm }, material: KeyMaterial) {
    this.kid = name.kid;
    this.alg = name.alg;
    this.#material = material;
    Object.freeze(this);
  }

  /** Whether it is a secret that signer and verifier share. */
  get isSymmetric(): boolean {
    return this.alg.startsWith('HS');
  }

  /** Whether it can sign, or only verify. */
  get canSign(): boolean {
    return this.#material.sign !== undefined;
  }

  /** The public key with `kid`, `alg` and `use`; `undefined` for a secret. */
  get publicJwk(): PublicJwk | undefined {
    return this.#material.publicJwk;
  }

  /** The private key, to be kept where secrets are. Rejects with a `UsageError` where there is none to give. */
  async exportPrivateJwk(): Promise<JWK> {
    const { exportPrivateJwk } = this.#material;
    if (exportPrivateJwk !== undefined) return exportPrivateJwk();
    throw new UsageError(
      'invalid_argument',
      `exportPrivateJwk: the key '${this.kid}' has no private part. Only key pairs that can sign have one.`,
    );
  }

  /** The compact form of a signed payload (RFC 7515, section 7.1). @internal */
  sign(payload: string): string | Promise<string> {
    const { sign } = this.#material;
    if (sign === undefined) {
      throw new UsageError('invalid_argument', `sign: the key '${this.kid}' can only verify.`);
    }
    return sign({ alg: this.alg, typ: 'at+jwt', kid: this.kid }, payload);
  }

  /** Whether the signature of a well-formed token is this key's. @internal */
  verify(token: string): boolean | Promise<boolean> {
    return this.#material.verify(token);
  }
}
