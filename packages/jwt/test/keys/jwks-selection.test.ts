import { Buffer } from 'node:buffer';
import { createFakeClock } from '@sess/testkit';
import type { JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type VerifyOnlyOptions, verifyOnly } from '../../src/index.js';
import {
  AUDIENCE,
  freshKey,
  goodClaims,
  ISSUER,
  type TestKey,
  testKey,
  tokenOf,
} from '../arrange.js';
import { forgeHmac } from '../forge.js';
import { type JwksServer, publicOf, startJwksServer, verifierAt } from './jwks-server.js';
import { rsaPair } from './rsa.js';

const UNKNOWN = { ok: false, reason: 'unknown' };
let server: JwksServer;

beforeEach(async () => {
  server = await startJwksServer();
});
afterEach(() => server.close());

const verifier = (more: Partial<VerifyOnlyOptions> = {}) =>
  verifierAt(server, { clock: createFakeClock(), ...more });

describe('keys of a set that are not used', () => {
  it('are secrets, published by mistake [jwt.mixed]', async () => {
    const { jwk } = await testKey('HS256');
    const ours = await freshKey('ours');
    server.serve([
      { ...jwk, kid: 'secret', alg: 'HS256' },
      { ...jwk, kid: 'bare' },
      publicOf(ours),
    ]);
    const sessions = verifier();
    for (const kid of ['secret', 'bare', 'ours']) {
      for (const secret of [
        Buffer.from(jwk.k ?? '', 'base64url'),
        JSON.stringify(publicOf(ours)),
      ]) {
        const token = forgeHmac({ alg: 'HS256', typ: 'at+jwt', kid }, goodClaims(), secret);
        expect(await sessions.verify(token)).toEqual(UNKNOWN);
      }
    }
    expect(await sessions.verify(tokenOf(ours))).toMatchObject({ ok: true });
  });

  it('are those that are broken, too short, private, or for something else', async () => {
    const ours = await freshKey('ours');
    const short = rsaPair('rsa-1024');
    const shortKey: TestKey = {
      ...(await testKey('RS256', 'short')),
      jwk: short.privateKey.export({ format: 'jwk' }) as TestKey['jwk'],
    };
    const [leaked, encrypting] = [await freshKey('leaked'), await freshKey('encrypting')];
    server.serve([
      null,
      7,
      'key',
      {},
      { kty: 'AKP', kid: 'new', alg: 'ML-DSA-44', pub: 'AAAA' },
      { ...short.publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256' },
      { ...leaked.jwk, kid: 'leaked', alg: 'ES256' },
      { ...publicOf(encrypting), use: 'enc' },
      publicOf(ours),
    ]);
    const sessions = verifier();
    expect(await sessions.verify(tokenOf(ours))).toMatchObject({ ok: true });
    for (const by of [shortKey, leaked, encrypting]) {
      expect(await sessions.verify(tokenOf(by))).toEqual(UNKNOWN);
    }
  });

  it('are those of two that have one name', async () => {
    const [one, other] = [await freshKey('same'), await freshKey('same')];
    server.serve([publicOf(one), publicOf(other)]);
    const sessions = verifier();
    expect(await sessions.verify(tokenOf(one))).toEqual(UNKNOWN);
    expect(await sessions.verify(tokenOf(one, { header: { kid: undefined } }))).toEqual(UNKNOWN);
  });
});

describe('a key of a set that does not say its algorithm', () => {
  it('a JWKS key without `alg` still has one algorithm, which the token does not choose [jwt.fixed, jwt.algorithm]', async () => {
    const [rs, ps] = [await testKey('RS256', 'rsa'), await testKey('PS256', 'rsa')];
    const ec = await freshKey('ec');
    const without = (key: TestKey) => ({ ...publicOf(key), alg: undefined, use: undefined });
    server.serve([without(rs), without(ec)]);
    const sessions = verifier();
    expect(await sessions.verify(tokenOf(rs))).toMatchObject({ ok: true });
    expect(await sessions.verify(tokenOf(ps))).toEqual(UNKNOWN);
    expect(await sessions.verify(tokenOf(ec))).toMatchObject({ ok: true });
  });

  it('may say it by its newer name [jwt.names]', async () => {
    const by = await testKey('EdDSA');
    server.serve([{ ...publicOf(by), alg: 'Ed25519' }]);
    expect(await verifier().verify(tokenOf(by))).toMatchObject({ ok: true });
  });
});

describe('where keys come from', () => {
  it.each([
    'http://api.example.com/jwks.json',
    'http://localhost.example.com/jwks.json',
    'http://127.0.0.1.example.com/',
    'http://127.0.0.1@example.com/',
    'http://10.0.0.1/jwks.json',
    'http://[::2]/',
    'ftp://127.0.0.1/jwks.json',
    'file:///etc/jwks.json',
    'data:application/json,{"keys":[]}',
    'jwks.json',
    '',
  ])('is https, or this machine: not %s', (jwksUri) => {
    expect(() => verifier({ jwksUri })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'invalid_option' }),
    );
  });

  it.each([
    'https://api.example.com/.well-known/jwks.json',
    'http://localhost:3000/jwks.json',
    'http://127.0.0.1/',
    'http://[::1]:8080/',
    new URL('https://api.example.com/'),
  ])('may be %s', (jwksUri) => {
    expect(() => verifier({ jwksUri })).not.toThrow();
  });

  it('is one place, with a key that can be used', () => {
    const common = { issuer: ISSUER, audience: AUDIENCE };
    const refused: readonly VerifyOnlyOptions[] = [
      common,
      { ...common, jwksUri: server.uri, jwks: { keys: [] } },
      { ...common, jwks: { keys: [] } },
      { ...common, jwks: { keys: [{ kty: 'oct', k: 'A'.repeat(43), alg: 'HS256' }] } },
      { ...common, jwks: [] as unknown as JSONWebKeySet },
      { ...common, jwks: null as unknown as JSONWebKeySet },
      { ...common, jwks: 'keys' as unknown as JSONWebKeySet },
    ];
    for (const options of refused) {
      expect(() => verifyOnly(options)).toThrow(
        expect.objectContaining({ code: 'invalid_option' }),
      );
    }
  });
});

describe('a token without a kid', () => {
  it('is verified by the only key of a set', async () => {
    const by = await freshKey('1');
    server.serve([publicOf(by)]);
    expect(await verifier().verify(tokenOf(by, { header: { kid: undefined } }))).toMatchObject({
      ok: true,
    });
  });
});
