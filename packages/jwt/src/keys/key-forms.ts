import { Buffer } from 'node:buffer';

/** PEM, OpenSSH's form, and a JWK, a list or a set of them. */
const TEXT_FORM = /-----BEGIN|^(?:ssh|ecdsa)-|^[[{].*"kty"/s;
const BASE64 = /^[A-Za-z0-9+/_=\s-]+$/;
const HEX = /^[0-9a-f\s]+$/i;
/** A byte order mark, as bytes. */
const LEADING = /^(?:\xef\xbb\xbf|\s)+/;

/**
 * Whether bytes are a key in PEM, DER or JWK form, rather than a secret: a public key that is taken for a secret lets
 * everybody sign (RFC 8725, section 2.1). White space around it, a lost first line or base64 do not hide it; a bare
 * number, as the member `x` of a JWK is, cannot be told from a secret.
 */
export function isKeyInSomeForm(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').replace(LEADING, '');
  return (
    TEXT_FORM.test(text) ||
    isDer(Buffer.from(text, 'latin1')) ||
    (BASE64.test(text) && isDer(Buffer.from(text, 'base64'))) ||
    (HEX.test(text) && isDer(Buffer.from(text.replace(/\s/g, ''), 'hex')))
  );
}

/**
 * A sequence that is all there is, and begins with a number or another sequence, as all forms of keys do. One of ten
 * million random secrets would.
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
