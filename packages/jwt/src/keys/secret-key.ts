import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { UsageError } from '@sess/core';
import { assertKnown, formatShort } from '@sess/core/internal';
import { ALGORITHMS, assertKid, isAlgorithm, type JwtAlgorithm, JwtKey } from './key.js';

/** Options of `secretKey`. */
export interface SecretKeyOptions {
  /** Default: `'HS256'`. */
  readonly alg?: 'HS256' | 'HS384' | 'HS512';
  /** Default: 16 characters of an HMAC that only a holder of the secret can compute. */
  readonly kid?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SecretKeyOptions>(['alg', 'kid']);

/**
 * Creates a key from a secret that signer and verifier share (RFC 7518, section 3.2). Every service that verifies with
 * it can also sign: use a key pair if services must only verify.
 *
 * @param secret bytes, or a string that is encoded as UTF-8; at least 32, 48 or 64 bytes for HS256, HS384, HS512
 * @throws {UsageError} invalid_option if the secret is too short, or is a key in PEM, DER or JWK form
 */
export function secretKey(secret: string | Uint8Array, options: SecretKeyOptions = {}): JwtKey {
  assertKnown('secretKey', options, KNOWN);
  const { alg = 'HS256' } = options;
  const traits = isAlgorithm(alg) ? ALGORITHMS[alg] : undefined;
  if (traits?.kty !== 'oct') {
    throw new UsageError(
      'invalid_option',
      `secretKey.alg: expected HS256, HS384 or HS512, got ${formatShort(alg)}.`,
    );
  }
  const bytes = toBytes(secret);
  if (bytes.length < traits.minBytes) {
    throw new UsageError(
      'invalid_option',
      `secretKey: expected a secret of at least ${traits.minBytes} bytes for ${alg}, got ${bytes.length} bytes. Create one with: node -p "crypto.randomBytes(${traits.minBytes}).toString('base64url')"`,
    );
  }
  if (isEncodedKey(bytes)) {
    throw new UsageError(
      'invalid_option',
      'secretKey: expected a secret, got a key in PEM, DER or JWK form. Use importPem() or importJwk().',
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
  // A copy: a later change of the caller's array must not change the key.
  if (secret instanceof Uint8Array) return Buffer.from(secret);
  throw new UsageError(
    'invalid_option',
    'secretKey: expected a string or bytes, got another value.',
  );
}

/** PEM, the form of OpenSSH, and a JWK or a list or set of JWKs. */
const TEXT_FORM = /-----BEGIN|^(?:ssh|ecdsa)-|^[[{].*"kty"/s;
const BASE64 = /^[A-Za-z0-9+/_=\s-]+$/;
const HEX = /^[0-9a-f\s]+$/i;
/** A byte order mark, as bytes. */
const LEADING = /^(?:\xef\xbb\xbf|\s)+/;

/**
 * True if bytes are a key in PEM, DER or JWK form instead of a secret. If a public key were used as a secret, every
 * reader of it could sign (RFC 8725, section 2.1). White space, a missing first line and base64 do not hide a key. A
 * bare number, such as the member `x` of a JWK, cannot be distinguished from a secret.
 */
function isEncodedKey(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').replace(LEADING, '');
  return (
    TEXT_FORM.test(text) ||
    isDer(Buffer.from(text, 'latin1')) ||
    (BASE64.test(text) && isDer(Buffer.from(text, 'base64'))) ||
    (HEX.test(text) && isDer(Buffer.from(text.replace(/\s/g, ''), 'hex')))
  );
}

/**
 * True for one ASN.1 sequence that spans all bytes and starts with a number or another sequence, as all forms of keys
 * do. One of ten million random secrets has this form.
 */
function isDer(bytes: Buffer): boolean {
  const [tag, first = 0] = bytes;
  if (tag !== 0x30 || first === 0x80 || first > 0x82) return false;
  const sizeOfLength = first < 0x80 ? 0 : first - 0x80;
  const start = 2 + sizeOfLength;
  if (bytes.length <= start) return false;
  const length = sizeOfLength === 0 ? first : bytes.readUIntBE(2, sizeOfLength);
  const rest = bytes.subarray(start + length).toString('latin1');
  const inner = bytes[start];
  return bytes.length >= start + length && rest.trim() === '' && (inner === 0x02 || inner === 0x30);
}
