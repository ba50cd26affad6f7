import { type RedisServer, requireServer, startRedisServer, until } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { CLIENTS } from '../clients.js';
import { percentile } from '../near-cache/help.js';
import { ADA, createName, LIFE, type OpenDenylist, openDenylist, useRedis } from './help.js';

// A server of its own: FLUSHALL and CLIENT KILL are not for one that may belong to somebody.
let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
});
afterAll(() => server?.stop());

let run = 0;

/** Two of them on one server, as in two processes: the first with the near cache on. */
async function openPair(
  nearCache: NonNullable<Parameters<typeof openDenylist>[1]>['nearCache'] = true,
  name = 'ioredis 6',
): Promise<{ readonly near: OpenDenylist; readonly other: OpenDenylist; readonly prefix: string }> {
  run += 1;
  const keyPrefix = `pair-${run}:`;
  const client = await CLIENTS[name]?.(server.url);
  if (client === undefined) throw new Error(name);
  onTestFinished(client.close);
  const near = openDenylist(client.client, { keyPrefix, nearCache: nearCache ?? true });
  onTestFinished(() => near.denylist.close());
  const other = openDenylist(await useRedis(server.url), { keyPrefix });
  return { near, other, prefix: `${keyPrefix}deny:` };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a denylist with a near cache', { timeout: 30_000 }, () => {
  for (const name of Object.keys(CLIENTS)) {
    test(`hears of what another one denies within the invalidation latency, through ${name}`, async () => {
      const { near, other } = await openPair(true, name);
      const token = await other.issue();
      const gaps: number[] = [];
      for (let n = 0; n < 60; n += 1) {
        const current = { ...token, ...(await other.issue()) };
        await near.cached(current);
        const began = performance.now();
        const denying = other.deny(current);
        while (near.isKnownGood(current)) await nextTurn();
        // From the call on, so that the way there is part of it.
        gaps.push(performance.now() - began);
        await denying;
        expect(await near.isDenied(current)).toBe(true);
      }
      const [median, most] = [percentile(gaps, 0.5), percentile(gaps, 0.99)];
      console.info(
        `from a denial elsewhere until it is heard of, ${name}: median ${median.toFixed(2)} ms, p99 ${most.toFixed(2)} ms`,
      );
      expect(median).toBeLessThan(100);
    });
  }

  test('a near cache drops a subject after every kind of denial elsewhere', async () => {
    const { near, other } = await openPair();
    const stranger = await other.issue('bob');
    await near.cached(stranger);
    const deeds: readonly ((token: Awaited<ReturnType<typeof other.issue>>) => Promise<unknown>)[] =
      [
        (token) => other.deny(token),
        ({ sid }) => other.denylist.deny(ADA, [{ kind: 'session', id: sid }], LIFE),
        (token) =>
          other.denylist.supersede(token, { at: Date.now(), successor: createName(), ttlMs: LIFE }),
        () => other.denyAll('ada', `${ADA}${'x'.repeat(16)}`),
        () => other.denyAll(),
      ];
    for (const deed of deeds) {
      const token = await other.issue();
      await near.cached(token);
      await deed(token);
      await until(() => !near.isKnownGood(token), { what: 'the denial to be heard of' });
      expect(await near.isDenied(token)).toBe(true);
      expect(near.isKnownGood(token)).toBe(false);
    }
    expect(near.isKnownGood(stranger)).toBe(true);
  });

  test('forgets before and after what it writes itself', async () => {
    const { near } = await openPair();
    const token = await near.issue();
    await near.cached(token);
    const denying = near.deny(token);
    expect(near.isKnownGood(token)).toBe(false);
    await denying;
    expect(near.isKnownGood(token)).toBe(false);
    expect(await near.isDenied(token)).toBe(true);
    expect(near.isKnownGood(token)).toBe(false);
  });

  test('serves every token of a subject by one read, and knows the moments that denials begin at', async () => {
    const { near, other } = await openPair();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => other.issue()));
    const [first, second] = tokens;
    if (first === undefined || second === undefined) throw new Error('no tokens');
    const from = Date.now() + 60_000;
    await other.denylist.deny(ADA, [{ kind: 'token', id: second.jti, from }], LIFE);
    await near.cached(first);
    for (const token of tokens) expect(near.isKnownGood(token)).toBe(true);
    expect(near.denylist.isKnownValid?.(second, from - 1)).toBe(true);
    expect(near.denylist.isKnownValid?.(second, from)).toBe(false);
    // What it would not let in if it asked it does not let in from memory.
    for (const odd of [{ jti: 'x'.repeat(129) }, { version: 0 }, { version: first.version + 1 }]) {
      expect(near.isKnownGood({ ...first, ...odd })).toBe(false);
    }
  });

  test('a near cache is emptied by FLUSHALL and by a lost subscription, and fills again', async () => {
    const { near, other } = await openPair();
    const token = await other.issue();
    await near.cached(token);
    await server.command('FLUSHALL');
    await until(() => !near.isKnownGood(token), { what: 'the flush to be heard of' });
    expect(await near.isDenied(token)).toBe(true);
    const next = await other.issue();
    await near.cached(next);
    expect(Number(await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub'))).toBeGreaterThan(0);
    await until(() => !near.isKnownGood(next), { what: 'the end to be heard of' });
    await near.cached(next);
  });

  test('a near cache trusts no entry older than maxAge, and none after close', async () => {
    const { near, other } = await openPair({ maxAge: '1s' });
    const token = await other.issue();
    await near.cached(token);
    await until(() => !near.isKnownGood(token), { what: 'the age', timeoutMs: 3_000 });
    await near.cached(token);
    await near.denylist.close();
    expect(near.isKnownGood(token)).toBe(false);
    expect(await near.isDenied(token)).toBe(false);
    expect(near.isKnownGood(token)).toBe(false);
  });

  test('a near cache keeps no subject with more than a thousand denials, and its tokens are still checked', async () => {
    const { near, other } = await openPair();
    const [good, bad] = [await other.issue(), await other.issue()];
    const denials = Array.from(
      { length: 1_000 },
      () => ({ kind: 'token', id: createName() }) as const,
    );
    await other.denylist.deny(ADA, [...denials, { kind: 'token', id: bad.jti }], LIFE);
    await near.cached(await other.issue('bob'));
    for (let n = 0; n < 3; n += 1) {
      expect(await near.isDenied(good)).toBe(false);
      expect(await near.isDenied(bad)).toBe(true);
      expect(near.isKnownGood(good)).toBe(false);
    }
  });

  test('shares a server with the near cache of a session store: neither takes the heart-beats of the other', async () => {
    const client = await useRedis(server.url);
    const logger = createMemoryLogger();
    const near = openDenylist(client, { nearCache: true }, logger);
    onTestFinished(() => near.denylist.close());
    const token = await near.issue();
    await near.cached(token);
    const beats = (await client.keys('*~near:*')).filter((key) =>
      key.startsWith('sess:deny:~near:'),
    );
    expect(beats.length).toBeGreaterThan(0);
    expect(logger.lines.map(({ message }) => message)).toContain(
      'near cache: invalidations arrive; denials are cached',
    );
  });
});
