import { Buffer } from 'node:buffer';
import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKeyInput,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importJwk, secretKey } from '../../src/index.js';
import {
  ALL_ALGORITHMS,
  arrangeReader,
  goodClaims,
  goodHeader,
  outcomeOf,
  testKey,
} from '../arrange.js';
import { forgeHmac } from '../forge.js';
import { rsaPair } from './rsa.js';

const INVALID = expect.objectContaining({ name: 'UsageError', code: 'invalid_option' });
const PAIRS = {
  RSA: rsaPair('rsa-2048-a'),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: generateKeyPairSync('ed25519'),
};

/** The texts and bytes that a public key goes by. */
function formsOf(key: KeyObject): readonly (readonly [string, string | Buffer])[] {
  const pem = String(key.export({ type: 'spki', format: 'pem' }));
  const der = key.export({ type: 'spki', format: 'der' });
  const jwk = key.export({ format: 'jwk' });
  const base64 = der.toString('base64');
  return [
    ['PEM', pem],
    ['PEM in bytes', Buffer.from(pem)],
    ['PEM without its last line end', pem.trimEnd()],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['PEM behind white space', ` \n\t${pem}`],
    ['PEM behind a byte order mark', `\ufeff${pem}`],
    ['PEM behind other text', `Bag Attributes\nfriendlyName: key\n${pem}`],
    ['PEM on one line', pem.replaceAll('\n', '\\n')],
    ['PEM without its first and last line', pem.replace(/-----[^\n]*-----\n/g, '')],
    ['DER', der],
    ['DER before a line end', Buffer.concat([der, Buffer.from('\n')])],
    ['DER behind white space', Buffer.concat([Buffer.from(' \n'), der])],
    ['DER in base64', base64],
    ['DER in base64url', der.toString('base64url')],
    ['DER in hex', der.toString('hex')],
    ['JWK', JSON.stringify(jwk)],
    ['JWK with white space', ` \n${JSON.stringify(jwk, null, 2)}\n`],
    ['JWK behind a byte order mark', `\ufeff${JSON.stringify(jwk)}`],
    ['JWK with kty last', JSON.stringify(Object.fromEntries(Object.entries(jwk).reverse()))],
    ['JWK in bytes', Buffer.from(JSON.stringify(jwk))],
    ['a JWK Set', JSON.stringify({ keys: [jwk] })],
    ['a list of JWKs', JSON.stringify([jwk])],
  ];
}

describe.each(Object.entries(PAIRS))('a public key of %s', (_type, { publicKey, privateKey }) => {
  it.each(formsOf(publicKey))('is no secret: %s [jwt.confusion]', (_form, secret) => {
    expect(() => secretKey(secret)).toThrow(INVALID);
    expect(() => secretKey(Buffer.from(secret), { alg: 'HS256' })).toThrow(INVALID);
  });

  it('is no secret as a JWK of type oct either', async () => {
    for (const [, secret] of formsOf(publicKey)) {
      const k = Buffer.from(secret).toString('base64url');
      await expect(importJwk({ kty: 'oct', alg: 'HS256', k })).rejects.toEqual(INVALID);
    }
  });

  it('is no secret where it is the private one', () => {
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    for (const secret of [pem, der, JSON.stringify(privateKey.export({ format: 'jwk' }))]) {
      expect(() => secretKey(secret)).toThrow(INVALID);
    }
  });
});

describe('a public key in the form of RSA alone', () => {
  it('is no secret', () => {
    const { publicKey } = PAIRS.RSA;
    expect(() => secretKey(publicKey.export({ type: 'pkcs1', format: 'der' }))).toThrow(INVALID);
    expect(() => secretKey(publicKey.export({ type: 'pkcs1', format: 'pem' }))).toThrow(INVALID);
  });
});

describe('a token that a public key has signed as if it were a secret', () => {
  it('is refused [jwt.confusion]', async () => {
    let forged = 0;
    for (const alg of ALL_ALGORITHMS.filter((name) => !name.startsWith('HS'))) {
      const by = await testKey(alg);
      const { read } = arrangeReader(by.key);
      const publicKey = createPublicKey({
        key: by.key.publicJwk as JsonWebKeyInput['key'],
        format: 'jwk',
      });
      const published: [string, string] = ['as published', JSON.stringify(by.key.publicJwk)];
      for (const [, secret] of [...formsOf(publicKey), published]) {
        for (const header of [{ alg: 'HS256' }, { alg }, { alg: 'HS256', kid: undefined }]) {
          const token = forgeHmac(goodHeader(by, header), goodClaims(), secret);
          expect(outcomeOf(await read(token))).toBe('unknown');
          forged += 1;
        }
      }
    }
    expect(forged).toBeGreaterThan(200);
  });
});

describe('a secret', () => {
  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('has as many bytes as the hash of %s: %i [jwt.lengths]', async (alg, least) => {
    expect(() => secretKey(randomBytes(least - 1), { alg })).toThrow(INVALID);
    expect(() => secretKey('x'.repeat(least - 1), { alg })).toThrow(INVALID);
    const k = randomBytes(least - 1).toString('base64url');
    await expect(importJwk({ kty: 'oct', alg, k })).rejects.toEqual(INVALID);
    expect(secretKey(randomBytes(least), { alg }).alg).toBe(alg);
    expect(secretKey('x'.repeat(least), { alg }).alg).toBe(alg);
    expect(secretKey('é'.repeat(least / 2), { alg }).alg).toBe(alg);
  });

  it('is taken for one, however often one is made', () => {
    for (let time = 0; time < 2_000; time += 1) {
      secretKey(randomBytes(32));
      secretKey(randomBytes(32).toString('base64'));
      secretKey(randomBytes(64).toString('hex'));
    }
  });

  it.each([undefined, null, 7, {}, [], ''])('is text or bytes: not %j', (secret) => {
    expect(() => secretKey(secret as unknown as string)).toThrow(INVALID);
  });

  it.each(['none', 'HS1', 'RS256', 'ES256', 'constructor', null])(
    'is for one of three algorithms: not %s',
    (alg) => {
      expect(() => secretKey('x'.repeat(64), { alg: alg as 'HS256' })).toThrow(INVALID);
    },
  );

  it('is a copy: what the caller does to the bytes later changes nothing', async () => {
    const bytes = randomBytes(32);
    const key = secretKey(bytes);
    const token = await key.sign('{}');
    bytes.fill(0);
    expect(key.verify(token)).toBe(true);
  });

  it('a secret key has the same kid in every process, and the secret cannot be computed from it', () => {
    const [one, two] = [secretKey('a'.repeat(32)), secretKey('a'.repeat(32))];
    expect(one.kid).toBe(two.kid);
    expect(one.kid).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(secretKey('b'.repeat(32)).kid).not.toBe(one.kid);
    expect(secretKey('a'.repeat(32), { kid: '2026-11' }).kid).toBe('2026-11');
  });

  it.each(['', 'a b', 'a/b', '../a', '.', '..', 'a\\b', 'a\n', 'a?b', 'x'.repeat(129)])(
    'has no kid like %j [jwt.brought-keys]',
    (kid) => {
      expect(() => secretKey('a'.repeat(32), { kid })).toThrow(INVALID);
    },
  );

  it('is never published', () => {
    expect(secretKey('a'.repeat(32)).publicJwk).toBeUndefined();
    expect(secretKey('a'.repeat(32)).isSymmetric).toBe(true);
  });
});
