import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { requireServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { type CountedServers, openCountedServer } from './counting.js';
import { describeRoundTrips, doEverything } from './round-trip-suite.js';

describeRoundTrips('a single server', openCountedServer);

describe('sharing round trips on a single server', () => {
  let servers: CountedServers;
  beforeAll(async () => {
    servers = await openCountedServer(requireServer(inject('servers').redis));
    await doEverything(createSessions({ store: redisStore(servers.client) }), 'warm-up');
  });
  afterAll(() => servers?.close());

  it('sends 64 verifications of one tick as at most two commands', async () => {
    const sessions = createSessions({ store: redisStore(servers.client) });
    const issued = await Promise.all(
      Array.from({ length: 64 }, (_, n) => sessions.create({ subject: `user ${n}` })),
    );
    const cost = await servers.costOf(async () => {
      const answers = await Promise.all(
        issued.map(({ accessToken }) => sessions.verify(accessToken)),
      );
      expect(answers.map((answer) => answer.ok && answer.session.sid)).toEqual(
        issued.map(({ session }) => session.sid),
      );
    });
    expect(cost.commands).toBeLessThanOrEqual(2);
    expect(cost.socket?.requests).toBeLessThanOrEqual(2);
    expect(cost.socket?.roundTrips).toBe(1);
  });

  it('twenty requests with one cookie in two processes rotate it once [cookie.round-trips]', async () => {
    const racers = [await servers.connect(), await servers.connect()];
    const engines = racers.map(({ client }) =>
      createSessions({ store: redisStore(client), renewAfter: '1s' }),
    );
    const { refreshToken: cookie, session } = (await engines[0]?.create({ subject: 'eve' })) ?? {};
    const events: unknown[] = [];
    for (const engine of engines) engine.on('reuse', (event) => void events.push(event));
    const isDue = async () =>
      Date.now() > (session?.createdAt ?? 0) + 1_500 && (await engines[1]?.get(session?.sid ?? ''));
    await vi.waitUntil(isDue, { timeout: 10_000, interval: 50 });
    // So slow that all have read before one has written.
    for (const racer of racers) racer.delay(20);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => engines[n % 2]?.present(cookie, { canRenew: true })),
    );
    const renewed = results.map((result) => result?.ok && result.renewal?.refreshToken);
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]).toMatch(/^srt_/);
    expect(generationOf(renewed[0] || '') - generationOf(cookie ?? '')).toBe(1);
    expect(events).toEqual([]);
  });

  it('a page costs no round trip while the near cache has the session [cookie.round-trips]', async () => {
    const near = createSessions({ store: redisStore(servers.client, { nearCache: true }) });
    const { refreshToken } = await near.create({ subject: 'ann' });
    const costs: number[] = [];
    const show = async () => {
      const result = await near.present(refreshToken, { canRenew: true });
      expect(result.ok).toBe(true);
    };
    // The cache is used once its channel is open.
    await vi.waitUntil(
      async () => {
        costs.push((await servers.costOf(show)).commands);
        return costs.at(-1) === 0;
      },
      { timeout: 10_000 },
    );
    expect(Math.max(...costs)).toBeLessThanOrEqual(2);
    expect((await servers.costOf(show)).socket?.requests).toBe(0);
    await near.close();
  });

  it("lets two processes refresh with one token: two round trips each, the loser's too", async () => {
    const racers = [await servers.connect(), await servers.connect()];
    const engines = racers.map(({ client }) => createSessions({ store: redisStore(client) }));
    for (const engine of engines) await engine.get('x'.repeat(32));
    const [first] = engines;
    const issued = await first?.create({ subject: 'dora' });

    // So slow that both have read before one has written.
    for (const racer of racers) racer.delay(50);
    const before = racers.map((racer) => racer.requests());
    const answers = await Promise.all(
      engines.map((engine) => engine.refresh(issued?.refreshToken)),
    );
    const [one, other] = answers;
    expect(one?.ok && other?.ok && one.refreshToken === other.refreshToken).toBe(true);
    const costs = racers.map((racer, n) => racer.requests() - (before[n] ?? 0));
    console.info(`two racers refreshed in ${costs.join(' and ')} round trips`);
    expect(Math.min(...costs)).toBe(2);
    expect(Math.max(...costs)).toBeLessThanOrEqual(2);
  });
});

/** The generation in a refresh token: `srt_<sid>.<family><generation>.<secret>`. */
function generationOf(token: string): number {
  return Buffer.from(token.slice(53, 59), 'base64url').readUInt32BE();
}
