import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Key pairs of fixed PEM files: generating an RSA key takes up to a second. They sign nothing outside of tests. */
export type RsaFixture = 'rsa-2048-a' | 'rsa-2048-b' | 'rsa-2047' | 'rsa-1024';

/** Returns the key pair of a PEM file. */
export function rsaPair(name: RsaFixture): {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
} {
  const pem = readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url), 'utf8');
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
