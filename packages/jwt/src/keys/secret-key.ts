import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { UsageError } from '@sess/core';
import { assertKnown, formatValue } from '@sess/core/options';
import { ALGORITHMS, isAlgorithm, type JwtAlgorithm } from './algorithms.js';
import { JwtKey } from './key.js';
import { isKeyInSomeForm } from './key-forms.js';
import { assertKid } from './kid.js';

export interface SecretKeyOptions {
  /** Default: `'HS256'`. */
  readonly alg?: 'HS256' | 'HS384' | 'HS512';
  /** Default: 16 characters of a digest that only the secret's holder can compute. */
  readonly kid?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SecretKeyOptions>(['alg', 'kid']);

/**
 * A secret shared by signer and verifier (RFC 7518, section 3.2).
 *
 * @param secret bytes, or a string that is taken as UTF-8; at least 32, 48 or 64 bytes for HS256, HS384, HS512
 * @throws UsageError `invalid_option`
 */
export function secretKey(secret: string | Uint8Array, options: SecretKeyOptions = {}): JwtKey {
  assertKnown('secretKey', options, KNOWN);
  const { alg = 'HS256' } = options;
  const traits = isAlgorithm(alg) ? ALGORITHMS[alg] : undefined;
  if (traits?.kty !== 'oct') {
    throw new UsageError(
      'invalid_option',
      `secretKey: alg '${formatValue(alg)}' will not do. Write HS256, HS384 or HS512.`,
    );
  }
  const bytes = toBytes(secret);
  if (bytes.length < traits.minBytes) {
    throw new UsageError(
      'invalid_option',
      `secretKey: the secret has ${bytes.length} bytes, and ${alg} needs ${traits.minBytes}. Make one with: node -p "crypto.randomBytes(${traits.minBytes}).toString('base64url')"`,
    );
  }
  if (isKeyInSomeForm(bytes)) {
    throw new UsageError(
      'invalid_option',
      'secretKey: this is a key in PEM, DER or JWK form, not a secret. Use importPem() or importJwk().',
    );
  }
  const key = createSecretKey(bytes);
  const { kid = createHmac('sha256', key).update('sess kid').digest('base64url').slice(0, 16) } =
    options;
  assertKid(kid);
  const mac = (input: string): string =>
    createHmac(traits.hash, key).update(input).digest('base64url');

  return new JwtKey(
    { kid, alg: alg as JwtAlgorithm },
    {
      sign(header, payload) {
        const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
        return `${input}.${mac(input)}`;
      },
      verify(token) {
        const dot = token.lastIndexOf('.');
        const right = Buffer.from(mac(token.slice(0, dot)), 'latin1');
        const presented = Buffer.from(token.slice(dot + 1), 'latin1');
        return right.length === presented.length && timingSafeEqual(right, presented);
      },
    },
  );
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

function toBytes(secret: unknown): Buffer {
  if (typeof secret === 'string') return Buffer.from(secret, 'utf8');
  // A copy: what the caller does to the array later changes no key.
  if (secret instanceof Uint8Array) return Buffer.from(secret);
  throw new UsageError('invalid_option', 'secretKey: the secret must be a string or bytes.');
}
