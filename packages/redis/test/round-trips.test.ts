import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { requireServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
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
