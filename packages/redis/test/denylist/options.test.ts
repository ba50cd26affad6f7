import { UsageError } from '@sess/core';
import { type RedisClient, type RedisDenylistOptions, redisDenylist } from '@sess/redis';
import { createCluster } from 'redis';
import { describe, expect, it } from 'vitest';

/** Never sent to. */
const CLIENT: RedisClient = { isCluster: false, send: async () => null };

describe('the options of a denylist', () => {
  const bad: readonly (readonly [string, object])[] = [
    ['an unknown name', { keyprefix: 'x:' }],
    ['an empty prefix', { keyPrefix: '' }],
    ['braces', { keyPrefix: '{x}:' }],
    ['no time at all', { timeout: 0 }],
    ['too much time', { timeout: '1h' }],
    ['no replicas', { durability: { replicas: 0 } }],
    ['a near cache of nothing', { nearCache: { maxEntries: 0 } }],
    ['a near cache on a client that cannot be listened to', { nearCache: true }],
    ['durability on a client that cannot be copied', { durability: { replicas: 1 } }],
  ];

  it.each(bad)('a wrong option of a denylist throws: %s', (_name, options) => {
    expect(() => redisDenylist(CLIENT, options as RedisDenylistOptions)).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });

  it('refuse what is no client', () => {
    for (const client of [undefined, {}, 'redis://localhost']) {
      expect(() => redisDenylist(client as unknown as RedisClient)).toThrow(UsageError);
    }
  });

  it('refuse a near cache on the Cluster of node-redis', () => {
    const cluster = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] });
    expect(() => redisDenylist(cluster as unknown as RedisClient, { nearCache: true })).toThrow(
      /nearCache/,
    );
  });

  it('say how long it takes at most, and that it is not of one process only', () => {
    expect(redisDenylist(CLIENT)).toMatchObject({ timeout: 1_000, isLocal: false });
    expect(redisDenylist(CLIENT, { timeout: '2s' }).timeout).toBe(2_000);
    expect(redisDenylist(CLIENT).isKnownValid).toBeUndefined();
  });
});
