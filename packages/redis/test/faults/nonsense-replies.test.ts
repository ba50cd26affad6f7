import { createSessions, StoreUnavailableError } from '@sess/core';
import { redisStore } from '@sess/redis';
import { silentLogger } from '@sess/testkit';
import { expect, it } from 'vitest';
import { useRedis, useServer } from '../denylist/help.js';

it.each([
  ['no time', ['x', 'y', 'z']],
  ['nothing', []],
  ['no list', 'OK'],
])(
  'a reply with %s to a read of many fails each of them, before their timeout',
  async (_, reply) => {
    const server = await useServer();
    const client = await useRedis(server.url);
    const call = client.call.bind(client) as (...args: unknown[]) => Promise<unknown>;
    let isBroken = false;
    client.call = ((...args: unknown[]) =>
      isBroken && /^eval/i.test(String(args[0])) ? Promise.resolve(reply) : call(...args)) as never;
    // Longer than a test may take: a read that is left without a result would show.
    const store = redisStore(client, { timeout: '30s' });
    const sessions = createSessions({ store, logger: silentLogger });
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });

    isBroken = true;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, async () => sessions.verify(issued.accessToken)),
    );
    // The first ones may be read by themselves, by a plain command.
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(reasons.length).toBeGreaterThan(3);
    for (const reason of reasons) expect(reason).toBeInstanceOf(StoreUnavailableError);
    isBroken = false;
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  },
);
