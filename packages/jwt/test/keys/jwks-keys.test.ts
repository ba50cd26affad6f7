import { generateKeyPairSync } from 'node:crypto';
import { StoreUnavailableError } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import type { JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type VerifyOnlyOptions, verifyOnly } from '../../src/index.js';
import {
  AUDIENCE,
  freshKey,
  goodClaims,
  goodHeader,
  ISSUER,
  type TestKey,
  testKey,
  tokenOf,
} from '../arrange.js';
import { forgeHmac } from '../forge.js';
import { type JwksServer, startJwksServer } from './jwks-server.js';

const UNKNOWN = { ok: false, reason: 'unknown' };
const START = Date.UTC(2026, 0, 1);
let server: JwksServer;

beforeEach(async () => {
  // The set's age is measured by the machine's clock.
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  server = await startJwksServer();
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

function verifier(more: Partial<VerifyOnlyOptions> = {}) {
  const { jwks, ...rest } = more;
  return verifyOnly({
    ...(jwks === undefined ? { jwksUri: server.uri } : { jwks }),
    issuer: ISSUER,
    audience: AUDIENCE,
    logger: silentLogger,
    ...rest,
  });
}

const publicOf = ({ key }: TestKey): object => ({ ...key.publicJwk });
const LONG = { claims: { exp: START / 1_000 + 86_400 } };

describe('the keys of another service', () => {
  it.each(['ES256', 'EdDSA', 'RS256', 'PS256'] as const)('verify its tokens: %s', async (alg) => {
    const by = await testKey(alg);
    server.serve([publicOf(await freshKey('other')), publicOf(by)]);
    const sessions = verifier();
    for (let time = 0; time < 3; time += 1) {
      expect(await sessions.verify(tokenOf(by))).toMatchObject({ ok: true });
    }
    expect(await sessions.verify(tokenOf(await freshKey(by.kid)))).toEqual(UNKNOWN);
    expect(server.asked()).toBe(1);
    const fixed = verifier({ jwks: { keys: [by.key.publicJwk ?? { kty: '' }] } });
    expect(await fixed.verify(tokenOf(by))).toMatchObject({ ok: true });
  });

  it('are fetched once more for an unknown kid, and then not for a while', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    server.serve([publicOf(one)]);
    const sessions = verifier({ jwksCooldown: '30s' });
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    for (let time = 0; time < 20; time += 1) {
      expect(await sessions.verify(tokenOf(two, LONG))).toEqual(UNKNOWN);
    }
    expect(server.asked()).toBe(1);
    advance(30);
    await Promise.all(Array.from({ length: 20 }, () => sessions.verify(tokenOf(two, LONG))));
    expect(server.asked()).toBe(2);
    server.serve([publicOf(two), publicOf(one)]);
    expect(await sessions.verify(tokenOf(two, LONG))).toEqual(UNKNOWN);
    advance(30);
    expect(await sessions.verify(tokenOf(two, LONG))).toMatchObject({ ok: true });
    expect(server.asked()).toBe(3);
  });

  it('are gone when the set is older than its age, and not remembered longer', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    server.serve([publicOf(one)]);
    const sessions = verifier({ jwksMaxAge: '10m' });
    advance(599);
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    server.serve([publicOf(two)]);
    // Remembered, and verified anew, late in the life of the set.
    advance(599);
    for (let time = 0; time < 3; time += 1) {
      expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    }
    advance(1);
    expect(await sessions.verify(tokenOf(one, LONG))).toEqual(UNKNOWN);
    expect(await sessions.verify(tokenOf(two, LONG))).toMatchObject({ ok: true });
  });

  it('are gone at once when a newer set, fetched for another reason, has them no more', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    server.serve([publicOf(one)]);
    const sessions = verifier();
    const token = tokenOf(one, LONG);
    await sessions.verify(token);
    expect(await sessions.verify(token)).toMatchObject({ ok: true });
    server.serve([publicOf(two)]);
    advance(31);
    expect(await sessions.verify(tokenOf(two, LONG))).toMatchObject({ ok: true });
    expect(await sessions.verify(token)).toEqual(UNKNOWN);
  });

  it('are not fetched for a token that cannot be one', async () => {
    const by = await freshKey('1');
    const sessions = verifier();
    const jku = { jku: server.uri };
    for (const token of ['x', undefined, 'a.b.c', tokenOf(by, { header: jku })]) {
      expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'malformed' });
    }
    for (const alg of ['HS256', 'none', 'ES512', 'RS384', '__proto__']) {
      expect((await sessions.verify(tokenOf(by, { header: { alg } }))).ok).toBe(false);
    }
    expect(server.asked()).toBe(0);
  });
});

describe('a set that cannot be had', () => {
  it.each([
    ['an error', (end: (status: number, body: string) => void) => end(500, '{}')],
    ['not found', (end) => end(404, '{"keys":[]}')],
    ['no JSON', (end) => end(200, '<html>')],
    ['nothing', (end) => end(200, '')],
    ['no set', (end) => end(200, '[]')],
    ['null', (end) => end(200, 'null')],
    ['keys that are no list', (end) => end(200, '{"keys":{}}')],
  ] as readonly [string, (end: (status: number, body: string) => void) => void][])(
    'is a fault, and no refusal: %s [CHECKLIST Store]',
    async (_name, answer) => {
      server.answer = (response) =>
        answer((status, body) => {
          response.statusCode = status;
          response.end(body);
        });
      const by = await freshKey('1');
      const sessions = verifier();
      await expect(sessions.verify(tokenOf(by))).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(sessions.ready()).rejects.toBeInstanceOf(StoreUnavailableError);
      // It heals by itself.
      server.serve([publicOf(by)]);
      await sessions.ready();
      expect(await sessions.verify(tokenOf(by))).toMatchObject({ ok: true });
    },
  );

  it('is a fault when the server is down, but keys that are known go on', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    server.serve([publicOf(one)]);
    const sessions = verifier();
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    await server.close();
    advance(60);
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    await expect(sessions.verify(tokenOf(two, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
    advance(600);
    await expect(sessions.verify(tokenOf(one, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('is a fault when the server is silent for too long', async () => {
    server.answer = () => undefined;
    const start = performance.now();
    const verify = verifier({ jwksTimeout: '1s' }).verify(tokenOf(await freshKey('1')));
    await expect(verify).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('is not looked for where a redirect leads', async () => {
    const by = await freshKey('1');
    const other = await startJwksServer();
    other.serve([publicOf(by)]);
    server.answer = (response) => {
      response.statusCode = 302;
      response.setHeader('location', other.uri);
      response.end();
    };
    await expect(verifier().verify(tokenOf(by))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(other.asked()).toBe(0);
    await other.close();
  });
});

describe('keys of a set that are not used', () => {
  it('are secrets, published by mistake [CHECKLIST JWT; RFC 8725 2.1]', async () => {
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
    const short = generateKeyPairSync('rsa', { modulusLength: 1_024 });
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
  it('has one all the same, and the token does not choose [RFC 8725 3.1]', async () => {
    const [rs, ps] = [await testKey('RS256', 'rsa'), await testKey('PS256', 'rsa')];
    const ec = await freshKey('ec');
    const without = (key: TestKey) => ({ ...publicOf(key), alg: undefined, use: undefined });
    server.serve([without(rs), without(ec)]);
    const sessions = verifier();
    expect(await sessions.verify(tokenOf(rs))).toMatchObject({ ok: true });
    expect(await sessions.verify(tokenOf(ps))).toEqual(UNKNOWN);
    expect(await sessions.verify(tokenOf(ec))).toMatchObject({ ok: true });
  });

  it('may say it by its newer name [RFC 9864 2.2]', async () => {
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
    expect(goodHeader(by)).toHaveProperty('kid');
  });
});
