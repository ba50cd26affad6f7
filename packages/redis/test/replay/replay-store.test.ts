import { memoryStore } from '@sess/core';
import { systemClock } from '@sess/core/internal';
import type { WriteContext } from '@sess/core/store';
import { failFast, redisStore } from '@sess/redis';
import { requireServer, startRedisServer } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { withReplay } from '../../src/replay/replay-store.js';
import type { RedisSessionStore } from '../../src/replayable-store.js';

const TAG = 'a'.repeat(16);
const SID = `${TAG}${'b'.repeat(16)}`;
const write = (): WriteContext => ({ notAfter: Date.now() + 1_000, operation: 'operation' });

/** The part of a Redis store that a store in memory lacks. */
const REDIS_PART: Omit<RedisSessionStore, keyof ReturnType<typeof memoryStore>> = {
  connection: () => ({ client: { send: async () => null, isCluster: false }, keyPrefix: 'sess:' }),
  removeUpTo: async () => ({ status: 'removed', now: Date.now(), count: 0 }),
  onReconnect: () => () => {},
};

describe('withReplay', () => {
  it('starts again when a server fails and returns during a replay', async () => {
    const removals: (() => void)[] = [];
    let isDown = false;
    const plain: RedisSessionStore = {
      ...memoryStore(),
      ...REDIS_PART,
      load: async () => {
        if (isDown) throw new Error('down');
        return { record: undefined, now: Date.now() };
      },
      remove: () =>
        new Promise((resolve) => {
          removals.push(() => resolve({ status: 'absent', now: Date.now() }));
        }),
    };
    const store = withReplay(plain);
    const failAndReturn = async (): Promise<void> => {
      isDown = true;
      await store.load(SID).catch(() => {});
      isDown = false;
      await store.load(SID);
    };

    const revoked = store.remove(SID, write());
    removals[0]?.();
    await revoked;
    await failAndReturn();
    await vi.waitFor(() => expect(removals).toHaveLength(2));
    // What it says now is lost with the next failover.
    await failAndReturn();
    removals[1]?.();
    await vi.waitFor(() => expect(removals).toHaveLength(3));
    removals[2]?.();
  });

  it('passes over a shard that is away, newest first, and does not flood a server with one bad key', async () => {
    const said: string[] = [];
    let now = 1_000_000;
    const plain: RedisSessionStore = {
      ...memoryStore(),
      ...REDIS_PART,
      load: async (sid) => {
        if (sid === 'bad') throw new Error('connection reset');
        return { record: undefined, now };
      },
      remove: async (sid) => {
        said.push(sid);
        if (sid === 'away' && said.length > 1) throw new Error('this shard is away');
        return { status: 'absent', now };
      },
    };
    const store = withReplay(plain);
    store.open?.({ clock: { now: () => now }, logger: silentLogger });
    await store.remove('away', write());
    for (let n = 0; n < 100; n += 1) await store.remove(`healthy-${n}`, write());
    said.length = 0;
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    for (let failure = 0; failure < 50; failure += 1) {
      await store.load('bad').catch(() => {});
      await store.load(SID);
      await settled();
    }
    expect(said).toHaveLength(101);
    expect(said[0]).toBe('healthy-99');
    expect(said.at(-1)).toBe('away');
    now += 2_500;
    await store.load(SID);
    await settled();
    expect(said.length).toBeGreaterThan(150);
  });

  it('leaves one mark for a revoke-all, however often it is replayed', async () => {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    const client = new Redis(server.url, failFast);
    await vi.waitFor(() => client.ping());
    const store = redisStore(client);
    store.open?.({ clock: systemClock, logger: silentLogger });
    onTestFinished(async () => {
      await store.close();
      client.disconnect();
      await server.stop();
    });
    const readBook = async (): Promise<string> => (await client.hget(`sess:${TAG}`, '!')) ?? '';
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);

    await store.removeAll(TAG, undefined, write());
    const before = await readBook();
    for (let n = 0; n < 5; n += 1) {
      const count = await calls();
      // What the client says after it has connected anew; the store loads, and then says it again.
      client.emit('ready');
      await vi.waitFor(async () => expect(await calls()).toBeGreaterThanOrEqual(count + 1));
    }
    expect(await readBook()).toBe(before);
  });
});
