import { Buffer } from 'node:buffer';
import {
  constants,
  createHmac,
  createPrivateKey,
  type JsonWebKeyInput,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { JWK } from 'jose';
import type { JwtAlgorithm } from '../src/index.js';

/** What stands in a part of a token: an object, or JSON text (or bytes) that no object can say. */
export type Part = object | string | Uint8Array;

export function encodePart(part: Part): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Signs whatever it is given, as an attacker with the key would; with node:crypto, and none of the package's code. */
export function forge(
  header: Part,
  payload: Part,
  by: { readonly jwk: JWK; readonly alg: JwtAlgorithm },
): string {
  return signText(`${encodePart(header)}.${encodePart(payload)}`, by);
}

/** As `forge`, for parts in text form. */
export function signText(
  input: string,
  { jwk, alg }: { readonly jwk: JWK; readonly alg: JwtAlgorithm },
): string {
  return `${input}.${signatureOf(input, jwk, alg).toString('base64url')}`;
}

/** With bytes as an HMAC key, whatever they are. */
export function forgeHmac(header: Part, payload: Part, secret: string | Uint8Array): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function signatureOf(input: string, jwk: JWK, alg: JwtAlgorithm): Buffer {
  const data = Buffer.from(input);
  if (alg.startsWith('HS')) {
    const secret = Buffer.from(jwk.k ?? '', 'base64url');
    return createHmac(`sha${alg.slice(2)}`, secret)
      .update(data)
      .digest();
  }
  const key: KeyObject = createPrivateKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' });
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg === 'ES256') return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  if (alg === 'RS256') return sign('sha256', data, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha256', data, { key, padding, saltLength: 32 });
}

/** The order of the group of P-256 (FIPS 186-5): with (r, s) the pair (r, n - s) is a good signature too. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature of the same ECDSA token. */
export function twinOf(token: string): string {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const other = (ORDER - s).toString(16).padStart(64, '0');
  const twin = Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex')]);
  return `${token.slice(0, dot)}.${twin.toString('base64url')}`;
}
