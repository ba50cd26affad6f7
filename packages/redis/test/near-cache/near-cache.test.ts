import { UsageError } from '@sess/core';
import { failFast, type RedisClient, redisStore } from '@sess/redis';
import { requireServer, startRedisServer, until } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster, createSentinel } from 'redis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { CLIENTS } from '../clients.js';
import { BOUND, type OpenStore, openStore } from './help.js';

// A server of its own: FLUSHALL and CLIENT KILL are not for one that may belong to somebody.
let server: Awaited<ReturnType<typeof startRedisServer>>;
beforeAll(async () => {
  server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
});
afterAll(() => server?.stop());

let run = 0;

async function connect(name = 'ioredis 6'): Promise<RedisClient> {
  const open = CLIENTS[name];
  if (open === undefined) throw new Error(name);
  const { client, close } = await open(server.url);
  onTestFinished(close);
  return client;
}

/** Two instances on one server, as in two processes: the first with the near cache on. */
async function openPair(
  options: Parameters<typeof openStore>[1] = {},
  name?: string,
): Promise<{ readonly near: OpenStore; readonly other: OpenStore }> {
  run += 1;
  const keyPrefix = `pair-${run}:`;
  const near = openStore(await connect(name), { keyPrefix, ...options });
  onTestFinished(near.close);
  const other = openStore(await connect(), { keyPrefix, nearCache: false });
  return { near, other };
}

describe('what another instance does', { timeout: 30_000 }, () => {
  for (const name of Object.keys(CLIENTS)) {
    test(`is known within the invalidation latency, through ${name}`, async () => {
      const { near, other } = await openPair({}, name);
      const record = await other.insert('ada');
      await near.cached(record.sid);
      await other.remove(record.sid);
      await until(() => !near.has(record.sid), { what: 'the removal to be heard of' });
      expect(await near.load(record.sid)).toBeUndefined();
      expect(near.has(record.sid)).toBe(false);
    });
  }

  test('forgets every session after FLUSHALL', async () => {
    const { near, other } = await openPair();
    const { sid } = await other.insert('ada');
    await near.cached(sid);
    await server.command('FLUSHALL');
    await until(() => !near.has(sid), { what: 'the flush' });
    expect(await near.load(sid)).toBeUndefined();
  });
});

describe('the client', { timeout: 30_000 }, () => {
  test('the client may have a keyPrefix, which is part of the names on the server', async () => {
    const client = new Redis(server.url, { ...failFast, keyPrefix: 'appü:' });
    onTestFinished(() => client.disconnect());
    const near = openStore(client, { keyPrefix: 'own:' });
    onTestFinished(near.close);
    await until(() => client.status === 'ready', { what: 'the client' });
    const { sid } = await near.insert('ada');
    await near.cached(sid);
    // ioredis adds it to every command. node-redis adds it to its own methods only, so the store does.
    const other = openStore(await connect(), { keyPrefix: 'appü:own:', nearCache: false });
    await other.remove(sid);
    await until(() => !near.has(sid), { what: 'the removal to be heard of' });
    const keys = (await server.command('KEYS', 'app*')) as readonly unknown[];
    expect(keys.map(String).some((key) => key.startsWith('appü:own:~near:'))).toBe(true);

    const node = createClient({ url: server.url, disableOfflineQueue: true, keyPrefix: 'app:' });
    node.on('error', () => {});
    await node.connect();
    onTestFinished(() => node.destroy());
    const nearNode = openStore(node as unknown as RedisClient, { keyPrefix: 'node:' });
    onTestFinished(nearNode.close);
    const record = await nearNode.insert('ada');
    await nearNode.cached(record.sid);
    await openStore(await connect(), { keyPrefix: 'app:node:', nearCache: false }).remove(
      record.sid,
    );
    await until(() => !nearNode.has(record.sid), { what: 'the removal to be heard of' });
  });

  test('may be away when the store is opened, and while it is open', async () => {
    const client = new Redis(server.url, { ...failFast, lazyConnect: true });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    const logger = createMemoryLogger();
    const near = openStore(client, { keyPrefix: 'away:' }, logger);
    onTestFinished(near.close);
    await client.connect();
    const { sid } = await near.insert('ada');
    await near.cached(sid);
    client.disconnect();
    await until(() => !near.has(sid), { what: 'the bound to pass', timeoutMs: BOUND + 2_000 });
    await client.connect();
    await near.cached(sid);
    const said = logger.lines
      .map(({ message }) => message)
      .filter((text) => text.startsWith('near'));
    expect(said.map((text) => /may not/.test(text))).toEqual([false, true, false]);
  });

  test('the near cache throws for a client that it does not support', () => {
    const lazy = { lazyConnect: true } as const;
    const cluster = new Cluster([{ port: server.port }], { ...lazy, keyPrefix: '{app}:' });
    const unfit: readonly (readonly [RedisClient, RegExp])[] = [
      [createCluster({ rootNodes: [] }) as unknown as RedisClient, /createClient\(\)/],
      [
        createSentinel({ name: 'mymaster', sentinelRootNodes: [] }) as unknown as RedisClient,
        /createClient\(\)/,
      ],
      [{ isCluster: false, send: async () => null }, /ioredis or iovalkey/],
      [cluster, /no braces/],
    ];
    for (const [client, text] of unfit) {
      expect(() => redisStore(client, { nearCache: true })).toThrow(UsageError);
      expect(() => redisStore(client, { nearCache: true })).toThrow(text);
    }
  });

  test('is asked for options that make sense', () => {
    const client = new Redis(server.url, { lazyConnect: true });
    const open = (nearCache: unknown): unknown =>
      redisStore(client, { nearCache: nearCache as true });
    expect(() => open({ maxEntry: 5 })).toThrow(/no option 'maxEntry'/);
    expect(() => open({ maxEntries: 0 })).toThrow(/nearCache\.maxEntries/);
    expect(() => open({ maxEntries: 1.5 })).toThrow(/nearCache\.maxEntries/);
    expect(() => open({ maxAge: '30 s' })).toThrow(/nearCache\.maxAge.*'30s'/);
    expect(() => open({ maxAge: '2h' })).toThrow(/nearCache\.maxAge/);
    expect(() => open('on')).toThrow(UsageError);
    expect(() => open(false)).not.toThrow();
  });
});
