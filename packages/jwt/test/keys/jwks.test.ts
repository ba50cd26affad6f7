import { StoreUnavailableError } from '@sess/core';
import { createFakeClock, createMemoryLogger } from '@sess/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VerifyOnlyOptions } from '../../src/index.js';
import { freshKey, testKey, tokenOf } from '../arrange.js';
import { type JwksServer, publicOf, startJwksServer, verifierAt } from './jwks-server.js';

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

const verifier = (more: Partial<VerifyOnlyOptions> = {}) => verifierAt(server, more);
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
    const sessions = verifier();
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
    const token = tokenOf(one, LONG);
    advance(599);
    expect(await sessions.verify(token)).toMatchObject({ ok: true });
    server.serve([publicOf(two)]);
    // Remembered, and verified anew, late in the life of the set.
    advance(599);
    for (let time = 0; time < 3; time += 1) {
      expect(await sessions.verify(token)).toMatchObject({ ok: true });
    }
    advance(1);
    expect(await sessions.verify(token)).toEqual(UNKNOWN);
    expect(await sessions.verify(tokenOf(two, LONG))).toMatchObject({ ok: true });
  });

  it('keys of another service stop verifying when a newer set, fetched for another reason, omits them', async () => {
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
    ['an empty set', (end) => end(200, '{"keys":[]}')],
    ['a set without a usable key', (end) => end(200, '{"keys":[{"kty":"oct","k":"AAAA"}]}')],
  ] as readonly [string, (end: (status: number, body: string) => void) => void][])(
    'is a fault, and no refusal: %s [store.fault]',
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

  it.each([
    ['an empty set', '{"keys":[]}'],
    ['a set without a usable key', '{"keys":[{"kty":"oct","k":"AAAA"}]}'],
  ])('keeps the known keys until they are too old, if the server has %s', async (_name, body) => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    server.serve([publicOf(one)]);
    const logger = createMemoryLogger();
    const sessions = verifier({ logger });
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    server.answer = (response) => response.end(body);
    advance(60);
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    await expect(sessions.verify(tokenOf(two, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'the JWK Set could not be fetched'],
    ]);
    advance(600);
    await expect(sessions.verify(tokenOf(one, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('refuses the tokens of one invalid key, and verifies those of the others', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    // A point that is not on the curve.
    const invalid = { ...publicOf(two), x: 'A'.repeat(43), y: 'A'.repeat(43) };
    const logger = createMemoryLogger();
    for (const source of ['fetched', 'fixed'] as const) {
      server.serve([publicOf(one), invalid]);
      const jwks = { keys: [publicOf(one), invalid] } as never;
      const sessions = verifier({ logger, ...(source === 'fixed' ? { jwks } : {}) });
      expect(await sessions.verify(tokenOf(two, LONG))).toEqual(UNKNOWN);
      expect(await sessions.verify(tokenOf(one, LONG))).toMatchObject({ ok: true });
    }
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  it('an unavailable set is fetched again after a second, and then less and less often, for any number of requests', async () => {
    const by = await freshKey('1');
    server.serve([publicOf(by)]);
    const clock = createFakeClock(START);
    const sessions = verifier({ clock });
    const pass = (span: `${number}ms`) => {
      clock.advance(span);
      vi.setSystemTime(clock.now());
    };
    expect(await sessions.verify(tokenOf(by, LONG))).toMatchObject({ ok: true });
    server.answer = (response) => {
      response.statusCode = 500;
      response.end();
    };
    pass('600000ms');
    const gaps: number[] = [];
    let last = clock.now();
    for (let tick = 0; tick < 590; tick += 1) {
      const before = server.asked();
      await expect(sessions.verify(tokenOf(by, LONG))).rejects.toBeInstanceOf(
        StoreUnavailableError,
      );
      if (server.asked() > before) {
        gaps.push(clock.now() - last);
        last = clock.now();
      }
      pass('100ms');
    }
    expect(gaps).toEqual([0, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    // Whoever asks whether it is ready is answered by the server, and so is everybody once it is back.
    server.serve([publicOf(by)]);
    await expect(sessions.verify(tokenOf(by, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
    await sessions.ready();
    expect(await sessions.verify(tokenOf(by, LONG))).toMatchObject({ ok: true });
  });

  it('an unavailable set is fetched without a pause when the clock was set back during the pause', async () => {
    const by = await freshKey('1');
    const clock = createFakeClock(START);
    const sessions = verifier({ clock });
    server.answer = (response) => response.end('null');
    await expect(sessions.verify(tokenOf(by, LONG))).rejects.toBeInstanceOf(StoreUnavailableError);
    server.serve([publicOf(by)]);
    clock.set(START - 3_600_000);
    expect(await sessions.verify(tokenOf(by, LONG))).toMatchObject({ ok: true });
  });

  it('is a fault when the server is silent for too long', async () => {
    server.answer = () => undefined;
    const start = performance.now();
    // The limit is 5 seconds; the test does not wait for them.
    const { timeout } = AbortSignal;
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout.call(AbortSignal, ms / 50));
    const verify = verifier().verify(tokenOf(await freshKey('1')));
    await expect(verify).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - start).toBeLessThan(4_000);
    vi.restoreAllMocks();
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
