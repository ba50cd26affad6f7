import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { generateKey, importJwk, importPem, secretKey } from '../../src/index.js';
import { testKey } from '../arrange.js';
import { rsaPair } from './rsa.js';

const REFUSED = { name: 'UsageError', code: 'invalid_option' };
const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256: rsaPair('rsa-2048-a'),
  PS256: rsaPair('rsa-2048-b'),
} as const;
const ALGORITHMS = Object.keys(PAIRS) as (keyof typeof PAIRS)[];

describe.each(ALGORITHMS)('a key pair of %s', (alg) => {
  const { privateKey, publicKey } = PAIRS[alg];
  const pkcs8 = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const spki = String(publicKey.export({ type: 'spki', format: 'pem' }));
  const jwk = privateKey.export({ format: 'jwk' });

  it('is the same out of PEM and JWK', async () => {
    const keys = await Promise.all([
      importJwk(jwk, { alg }),
      importPem(pkcs8, { alg }),
      importPem(pkcs8.replaceAll('\n', '\r\n'), { alg }),
      importPem(`\n  ${pkcs8}`, { alg }),
      importPem(spki, { alg }),
      importPem(`\n${spki}`, { alg }),
      importJwk(publicKey.export({ format: 'jwk' }), { alg }),
    ]);
    const thumbprint = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }));
    for (const key of keys) {
      expect(key.kid).toBe(thumbprint);
      expect(key.publicJwk).toEqual({
        ...publicKey.export({ format: 'jwk' }),
        kid: key.kid,
        alg,
        use: 'sig',
      });
      for (const signer of keys.filter(({ canSign }) => canSign)) {
        expect(await key.verify(await signer.sign('{}'))).toBe(true);
      }
    }
    expect(keys.map(({ canSign }) => canSign)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('an exported private key is imported with all its members', async () => {
    const key = await importJwk(jwk, { alg, kid: 'mine' });
    const exported = JSON.parse(JSON.stringify(await key.exportPrivateJwk())) as object;
    const again = await importJwk(exported);
    expect(again).toMatchObject({ kid: 'mine', alg });
    expect(again.publicJwk).toEqual(key.publicJwk);
    expect(await key.verify(await again.sign('{}'))).toBe(true);
    const witness = await importJWK(key.publicJwk ?? {}, alg);
    await expect(compactVerify(await again.sign('{"a":1}'), witness)).resolves.toBeDefined();
  });

  it('publishes nothing that is private', async () => {
    const key = await importJwk({ ...jwk, x5c: ['AAAA'], note: 'private' } as object, { alg });
    const members = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];
    expect(Object.keys(key.publicJwk ?? {}).every((name) => members.includes(name))).toBe(true);
    expect(Object.isFrozen(key.publicJwk)).toBe(true);
  });

  it('a public key throws when it shall sign or export a private key', async () => {
    const key = await importPem(spki, { alg });
    expect(() => key.sign('{}')).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    await expect(key.exportPrivateJwk()).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('a key pair is refused for an algorithm other than its `alg`', async () => {
    for (const other of ALGORITHMS) {
      if (other === alg) continue;
      await expect(importJwk({ ...jwk, alg }, { alg: other })).rejects.toMatchObject(REFUSED);
    }
  });

  it('is refused when its parts are of two keys', async () => {
    const { privateKey: other } = await otherPair(alg);
    const mixed = { ...other.export({ format: 'jwk' }), ...publicKey.export({ format: 'jwk' }) };
    await expect(importJwk(mixed, { alg })).rejects.toMatchObject(REFUSED);
  });
});

it.each(['ES256', 'EdDSA', 'RS256'] as const)(
  'generateKey creates a pair for %s that signs, verifies and can be exported',
  async (alg) => {
    const key = await generateKey(alg, { kid: 'mine' });
    expect(key).toMatchObject({ kid: 'mine', alg });
    const witness = await importJWK(key.publicJwk ?? {}, alg);
    await expect(compactVerify(await key.sign('{"a":1}'), witness)).resolves.toBeDefined();
    const again = await importJwk(await key.exportPrivateJwk());
    expect(await key.verify(await again.sign('{}'))).toBe(true);
    // 2,048 bits are 342 characters; the generation of such a pair takes up to a second, so PS256 is not repeated.
    if (alg === 'RS256') expect(key.publicJwk?.['n']).toHaveLength(342);
  },
);

async function otherPair(alg: keyof typeof PAIRS) {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  return PAIRS[alg === 'RS256' ? 'PS256' : 'RS256'];
}

describe('a key', () => {
  it('needs an algorithm where it could have several [jwt.fixed]', async () => {
    const rsa = PAIRS.RS256.publicKey.export({ format: 'jwk' });
    await expect(importJwk(rsa)).rejects.toMatchObject(REFUSED);
    await expect(importJwk({ kty: 'oct', k: 'A'.repeat(86) })).rejects.toMatchObject(REFUSED);
    const pem = String(PAIRS.RS256.publicKey.export({ type: 'spki', format: 'pem' }));
    await expect(importPem(pem, {} as { alg: 'RS256' })).rejects.toMatchObject(REFUSED);
    expect((await importJwk(PAIRS.ES256.publicKey.export({ format: 'jwk' }))).alg).toBe('ES256');
    expect((await importJwk(PAIRS.EdDSA.publicKey.export({ format: 'jwk' }))).alg).toBe('EdDSA');
  });

  it('may call its algorithm by its newer name [jwt.names]', async () => {
    const jwk = PAIRS.EdDSA.privateKey.export({ format: 'jwk' });
    const key = await importJwk({ ...jwk, alg: 'Ed25519' });
    expect(key.publicJwk).toMatchObject({ alg: 'EdDSA' });
    expect(await key.exportPrivateJwk()).toMatchObject({ alg: 'EdDSA' });
  });

  it.each(['none', 'None', 'ES512', 'RS384', 'RSA-OAEP', 'dir', '__proto__', 7])(
    'has none of the algorithms that are not ours: %s',
    async (alg) => {
      for (const { privateKey } of Object.values(PAIRS)) {
        const jwk = privateKey.export({ format: 'jwk' });
        await expect(importJwk({ ...jwk, alg } as object)).rejects.toMatchObject(REFUSED);
      }
      await expect(generateKey(alg as 'ES256')).rejects.toMatchObject(REFUSED);
      await expect(importPem('', { alg: alg as 'ES256' })).rejects.toMatchObject(REFUSED);
    },
  );

  it('of RSA has 2,048 bits or more [jwt.lengths]', async () => {
    const short = rsaPair('rsa-2047');
    for (const alg of ['RS256', 'PS256'] as const) {
      await expect(
        importJwk(short.publicKey.export({ format: 'jwk' }), { alg }),
      ).rejects.toMatchObject(REFUSED);
      const pem = String(short.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await expect(importPem(pem, { alg })).rejects.toMatchObject(REFUSED);
    }
    // The key of before with zeros in front of its modulus.
    const { n = '', e = '' } = short.publicKey.export({ format: 'jwk' });
    const padded = Buffer.concat([Buffer.alloc(64), Buffer.from(n, 'base64url')]);
    const jwk = { kty: 'RSA', e, n: padded.toString('base64url') };
    await expect(importJwk(jwk, { alg: 'RS256' })).rejects.toMatchObject(REFUSED);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'key'],
    ['a list', []],
    ['an empty object', {}],
    ['a curve of another kind', { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA', alg: 'ES256' }],
    [
      'a point that is on no curve',
      { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
    ],
    ['a type that is not that of its curve', { kty: 'OKP', crv: 'P-256', x: 'AA' }],
    ['a key for encryption', { ...PAIRS.ES256.publicKey.export({ format: 'jwk' }), use: 'enc' }],
    [
      'a key for agreement',
      { ...PAIRS.ES256.publicKey.export({ format: 'jwk' }), key_ops: ['deriveBits'] },
    ],
    ['a secret that is no text', { kty: 'oct', alg: 'HS256', k: 7 }],
    ['a secret in base64', { kty: 'oct', alg: 'HS256', k: '+/'.repeat(40) }],
    ['a kid that is a path', { ...PAIRS.ES256.publicKey.export({ format: 'jwk' }), kid: '../a' }],
    ['a kid that is no text', { ...PAIRS.ES256.publicKey.export({ format: 'jwk' }), kid: 7 }],
  ])('importJwk refuses an invalid key: %s', async (_name, jwk) => {
    await expect(importJwk(jwk as object)).rejects.toMatchObject(REFUSED);
  });

  it.each(['', 'x', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', undefined, 7])(
    'importPem refuses an invalid key: %j',
    async (pem) => {
      await expect(importPem(pem as string, { alg: 'ES256' })).rejects.toMatchObject(REFUSED);
    },
  );

  it('is not exported where it is a secret', async () => {
    const key = secretKey('a'.repeat(32));
    await expect(key.exportPrivateJwk()).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('does not sign with another algorithm when its properties are written to', async () => {
    const { key } = await testKey('ES256');
    expect(() => Object.assign(key, { alg: 'none' })).toThrow(TypeError);
  });
});
