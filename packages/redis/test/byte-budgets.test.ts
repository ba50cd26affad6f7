import { createSessions, type Sessions } from '@sess/core';
import { type RedisClient, redisStore } from '@sess/redis';
import { until } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useRedis, useServer } from './denylist/help.js';

const MIB = 1024 * 1024;
const LARGE = 60_000;

/** A client whose script replies are measured, in characters. */
function measured(client: Redis): { client: RedisClient; largest(): number } {
  let largest = 0;
  const sizeOf = (reply: unknown): number =>
    Array.isArray(reply)
      ? reply.reduce<number>((sum, part) => sum + sizeOf(part), 0)
      : String(reply ?? '').length;
  const call = client.call.bind(client) as (...args: unknown[]) => Promise<unknown>;
  client.call = (async (...args: unknown[]) => {
    const reply = await call(...args);
    largest = Math.max(largest, sizeOf(reply));
    return reply;
  }) as typeof client.call;
  return { client, largest: () => largest };
}

async function signInLarge(sessions: Sessions, count: number): Promise<string[]> {
  const sids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const data = { text: `${n}`.padEnd(LARGE, 'x') };
    sids.push((await sessions.create({ subject: 'ada', data })).session.sid);
  }
  return sids;
}

describe('budgets in bytes, where the size of a session is for its user to choose', () => {
  it('a near cache keeps sessions up to its bytes where their number would allow more', async () => {
    const server = await useServer();
    const nearCache = { maxBytes: MIB };
    const store = redisStore(await useRedis(server.url), { nearCache });
    const sessions = createSessions({ store, logger: silentLogger, maxDataLength: 2 * LARGE });
    onTestFinished(() => sessions.close());
    const sids = await signInLarge(sessions, 40);
    const cached = () => sids.filter((sid) => store.getCached?.(sid) !== undefined);
    await until(
      async () => {
        await sessions.get(String(sids[0]));
        return cached().length > 0;
      },
      { what: 'the near cache' },
    );
    for (const sid of sids) await sessions.get(sid);
    expect(cached().length).toBeGreaterThan(0);
    // A character takes two bytes in the text, and at least one in the parsed copy.
    expect(cached().length * 2 * LARGE).toBeLessThanOrEqual(MIB);
  });

  it('a list of large sessions is read in pieces of 256 KiB and one session', async () => {
    const server = await useServer();
    const { client, largest } = measured(await useRedis(server.url));
    const sessions = createSessions({
      store: redisStore(client),
      logger: silentLogger,
      maxDataLength: 2 * LARGE,
    });
    await signInLarge(sessions, 40);
    expect(await sessions.list('ada')).toHaveLength(40);
    expect(largest()).toBeGreaterThan(LARGE);
    expect(largest()).toBeLessThan(256 * 1024 + 2 * LARGE);
  });

  it('data is refused above the default size, before anything is stored', async () => {
    const server = await useServer();
    const sessions = createSessions({
      store: redisStore(await useRedis(server.url)),
      logger: silentLogger,
    });
    const data = { text: 'x'.repeat(8_192) };
    await expect(sessions.create({ subject: 'ada', data })).rejects.toMatchObject({
      code: 'data_too_large',
    });
    expect(await server.command('DBSIZE')).toBe(0);
  });
});
