import { createSessions } from '@sess/core';
import {
  failFast,
  failFastNodeRedis,
  type RedisClient,
  redisDenylist,
  redisStore,
} from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { Redis as Iovalkey } from 'iovalkey';
import { createClient, RESP_TYPES } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

/** A client with a key prefix of its own. */
type OpenPrefixed = (url: string, keyPrefix: string) => Promise<RedisClient>;

describe('a key prefix of the client', () => {
  let server: RedisServer;
  const closers: (() => void)[] = [];
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await server.command('FLUSHALL');
  });
  afterAll(() => server?.stop());

  const viaIoredis =
    (Client: typeof Redis): OpenPrefixed =>
    async (url, keyPrefix) => {
      const client = new Client(url, { ...failFast, keyPrefix });
      client.on('error', () => {});
      closers.push(() => client.disconnect());
      await new Promise((resolve) => client.once('ready', resolve));
      return client;
    };
  const openNodeRedis = async (url: string, options: object): Promise<RedisClient> => {
    const client = createClient({ url, ...failFastNodeRedis, ...options });
    client.on('error', () => {});
    closers.push(() => client.destroy());
    await client.connect();
    return client as unknown as RedisClient;
  };
  const CLIENTS: Readonly<Record<string, OpenPrefixed>> = {
    'ioredis 6': viaIoredis(Redis),
    'ioredis 5': viaIoredis(Redis5 as unknown as typeof Redis),
    iovalkey: viaIoredis(Iovalkey as unknown as typeof Redis),
    'node-redis 6': (url, keyPrefix) => openNodeRedis(url, { keyPrefix }),
  };

  it.each(Object.entries(CLIENTS))('keeps two applications apart with %s', async (_name, open) => {
    const [one, other] = await Promise.all(
      ['app-a:', 'app-b:'].map(async (keyPrefix) => {
        const store = redisStore(await open(server.url, keyPrefix));
        return createSessions({ store, logger: silentLogger });
      }),
    );
    const issued = await one?.create({ subject: 'ada' });
    expect(await one?.verify(issued?.accessToken)).toMatchObject({ ok: true });
    expect(await one?.list('ada')).toHaveLength(1);
    expect(await other?.verify(issued?.accessToken)).toEqual({ ok: false, reason: 'unknown' });
    const keys = (await server.command('KEYS', '*')) as readonly string[];
    expect(keys.every((key) => key.startsWith('app-a:sess:'))).toBe(true);
  });

  it.each(Object.entries(CLIENTS))(
    'is part of the keys of a denylist with %s',
    async (_name, open) => {
      const denylist = redisDenylist(await open(server.url, 'app-a:'));
      await denylist.currentVersion('a'.repeat(16), 60_000);
      expect(await server.command('KEYS', '*')).toEqual([`app-a:sess:deny:${'a'.repeat(16)}`]);
    },
  );

  it('may be the same for a store and a denylist', async () => {
    const open = CLIENTS['ioredis 6'] as OpenPrefixed;
    const client = await open(server.url, '');
    const sessions = createSessions({
      store: redisStore(client, { keyPrefix: 'app:' }),
      logger: silentLogger,
    });
    const { session } = await sessions.create({ subject: 'ada' });
    const tag = session.sid.slice(0, 16);
    const denylist = redisDenylist(client, { keyPrefix: 'app:' });
    await denylist.denyAll(tag, { operation: 'operation', ttlMs: 60_000 });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect((await server.command('KEYS', '*')) as readonly string[]).toHaveLength(2);
  });

  it('is read by node-redis clients whose replies are of other types', async () => {
    const typeMapping = {
      [RESP_TYPES.BLOB_STRING]: Buffer,
      [RESP_TYPES.NUMBER]: String,
    };
    const client = await openNodeRedis(server.url, { commandOptions: { typeMapping } });
    const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
    await sessions.ready();
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(await sessions.revokeAll('ada')).toBe(1);
  });

  it('is read by ioredis clients that return numbers as text', async () => {
    const client = new Redis(server.url, { ...failFast, stringNumbers: true });
    closers.push(() => client.disconnect());
    await new Promise((resolve) => client.once('ready', resolve));
    const store = redisStore(client, { durability: { replicas: 1, timeout: 0.05 } });
    const sessions = createSessions({ store, logger: silentLogger });
    await sessions.ready();
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeAll('ada')).toBe(1);
    await sessions.close();
  });
});
