import { createHmac, timingSafeEqual } from 'node:crypto';

/** True if a text is the MAC of another one under one of the keys. */
export function isSigned(given: {
  readonly text: string;
  readonly signature: string;
  readonly keys: readonly string[];
  readonly algorithm: 'sha1' | 'sha256';
}): boolean {
  const { text, signature, keys, algorithm } = given;
  // Libraries differ in the alphabet and the padding of base64, which decoding accepts.
  const presented = Buffer.from(signature, 'base64');
  return keys.some((key) => {
    const expected = createHmac(algorithm, key).update(text).digest();
    return expected.length === presented.length && timingSafeEqual(expected, presented);
  });
}
