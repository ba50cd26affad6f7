import fc from 'fast-check';
import {
  CompactSign,
  type CryptoKey,
  compactVerify,
  type GenerateKeyPairResult,
  generateKeyPair,
  importJWK,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSignatureCheck, type SignatureCheck } from '../../src/keys/key.js';
import { rsaPair } from './rsa.js';

const PAYLOAD = new TextEncoder().encode('{"sub":"ada"}');

describe.each(['ES256', 'EdDSA'])('signatures of %s', (alg) => {
  let pair: GenerateKeyPairResult;
  let token: string;
  let check: SignatureCheck;

  beforeAll(async () => {
    pair = await generateKeyPair(alg);
    token = await new CompactSign(PAYLOAD).setProtectedHeader({ alg }).sign(pair.privateKey);
    check = createSignatureCheck(pair.publicKey, alg);
  });

  const withSignature = (change: (bytes: Buffer) => Buffer): string => {
    const dot = token.lastIndexOf('.');
    const bytes = change(Buffer.from(token.slice(dot + 1), 'base64url'));
    return `${token.slice(0, dot)}.${bytes.toString('base64url')}`;
  };

  it('signatures are checked synchronously', () => {
    expect(check(token)).toBe(true);
  });

  it('are not those of another key, or of another text', async () => {
    const other = await generateKeyPair(alg);
    expect(createSignatureCheck(other.publicKey, alg)(token)).toBe(false);
    expect(check(token.replace('.', 'A.'))).toBe(false);
  });

  it('have one length', () => {
    expect(check(withSignature((bytes) => bytes.subarray(0, 63)))).toBe(false);
    expect(check(withSignature((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])))).toBe(false);
    expect(check(withSignature(() => Buffer.alloc(0)))).toBe(false);
    expect(check(withSignature(() => Buffer.alloc(64)))).toBe(false);
    expect(check(withSignature(() => Buffer.alloc(64, 0xff)))).toBe(false);
  });

  it('changed signatures are judged as WebCrypto judges them', async () => {
    const position = fc.nat({ max: 63 });
    const bit = fc.nat({ max: 7 });
    await fc.assert(
      fc.asyncProperty(position, bit, async (place, which) => {
        const changed = withSignature((bytes) => {
          const copy = Buffer.from(bytes);
          copy[place] = (copy[place] ?? 0) ^ (1 << which);
          return copy;
        });
        const judged = await compactVerify(changed, pair.publicKey).then(
          () => true,
          () => false,
        );
        expect(check(changed)).toBe(judged);
        expect(judged).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(['RS256', 'PS256'])('signatures of %s', (alg) => {
  it('RSA signatures are checked by another thread', async () => {
    const { privateKey, publicKey } = rsaPair('rsa-2048-a');
    const token = await new CompactSign(PAYLOAD).setProtectedHeader({ alg }).sign(privateKey);
    const jwk = publicKey.export({ format: 'jwk' });
    const check = createSignatureCheck((await importJWK(jwk, alg)) as CryptoKey, alg);
    expect(check(token)).toBeInstanceOf(Promise);
    expect(await check(token)).toBe(true);
    expect(await check(token.replace('.', 'A.'))).toBe(false);
  });
});
