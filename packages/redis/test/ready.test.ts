import { readFileSync } from 'node:fs';
import { createSessions } from '@sess/core';
import { failFast, redisDenylist, redisStore } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  sleep,
  startRedisServer,
  until,
} from '@sess/test-servers';
import { createMemoryLogger, silentLogger } from '@sess/testkit';
import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';

const GUIDE = new URL('../../../docs/guides/redis.md', import.meta.url);

async function connect(server: RedisServer, options: RedisOptions & { replyMapping?: never } = {}) {
  const client = new Redis(server.url, { ...failFast, ...options });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  await new Promise((resolve) => client.once('ready', resolve));
  return client;
}

async function startServer(config: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis), config });
  onTestFinished(() => server.stop());
  return server;
}

/** Returns `ok`, or the code of the error. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => String((error as { code?: unknown }).code),
  );
}

describe('ready()', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterAll(() => server?.stop());

  async function look(client: Redis): Promise<readonly [ready: string, signIn: string]> {
    const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
    onTestFinished(() => sessions.close());
    return [await codeOf(sessions.ready()), await codeOf(sessions.create({ subject: 'ada' }))];
  }
  const RED = ['store_unavailable', 'store_unavailable'];

  it('resolves where a sign-in works, and leaves no key behind', async () => {
    expect(await look(await connect(server))).toEqual(['ok', 'ok']);
    const keys = (await server.command('KEYS', '*ready*')) as readonly string[];
    expect(keys).toEqual([]);
  });

  it.each([
    ['scripts', ['~*', '&*', '+@all', '-@scripting']],
    ['writes', ['%R~*', '&*', '+@all']],
  ])('rejects for a user without the right to use %s', async (name, rights) => {
    await server.command('ACL', 'SETUSER', name, 'reset', 'on', '>pw', ...rights);
    const client = await connect(server, { username: name, password: 'pw' });
    expect(await look(client)).toEqual(RED);
  });

  it.each([
    ['a full server', 'maxmemory', '1mb', '0'],
    ['a server with too few replicas', 'min-replicas-to-write', '5', '0'],
  ])('rejects on %s', async (_name, option, bad, good) => {
    const client = await connect(server);
    await server.command('CONFIG', 'SET', option, bad);
    try {
      expect(await look(client)).toEqual(RED);
    } finally {
      await server.command('CONFIG', 'SET', option, good);
    }
  });

  it('rejects on a replica, for a store and for a denylist', async () => {
    const replica = await startServer({ replicaof: `${server.host} ${server.port}` });
    const client = await connect(replica);
    expect(await look(client)).toEqual(RED);
    await expect(redisDenylist(client).ready()).rejects.toThrow(/READONLY/);
  });

  it('rejects while writes are paused', async () => {
    const own = await startServer();
    const sessions = createSessions({
      store: redisStore(await connect(own)),
      logger: silentLogger,
    });
    await own.command('CLIENT', 'PAUSE', 3_000, 'WRITE');
    expect(await codeOf(sessions.ready())).toBe('store_unavailable');
    await own.command('CLIENT', 'UNPAUSE');
  });

  it('warns once of snapshots alone, of eviction and of foreign keys', async () => {
    const own = await startServer({ save: '3600 1', 'maxmemory-policy': 'allkeys-lru' });
    await own.command('SET', 'sess:a-session-of-connect-redis', '{}');
    const logger = createMemoryLogger();
    const sessions = createSessions({ store: redisStore(await connect(own)), logger });
    await sessions.ready();
    await sessions.ready();
    const warnings = logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('evicts keys'),
      expect.stringContaining('snapshots'),
      expect.stringContaining('keyPrefix'),
    ]);
  });

  it('warns of nothing on a server that keeps an append-only file', async () => {
    const own = await startServer({ appendonly: 'yes', save: '3600 1' });
    const logger = createMemoryLogger();
    const sessions = createSessions({ store: redisStore(await connect(own)), logger });
    await sessions.ready();
    await sessions.create({ subject: 'ada' });
    await createSessions({ store: redisStore(await connect(own)), logger }).ready();
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe('the rights that the guide lists', () => {
  const lines = readFileSync(GUIDE, 'utf8').match(/^ACL SETUSER app .*$/gm) ?? [];

  async function useUser(count: number): Promise<{ server: RedisServer; client: Redis }> {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'app', 'reset');
    for (const line of lines.slice(0, count)) {
      await server.command(...(line.split(' ') as [string, ...string[]]));
    }
    const user = { username: 'app', password: 'password', enableReadyCheck: false };
    return { server, client: await connect(server, user) };
  }

  it('suffice for every operation of a store', async () => {
    expect(lines).toHaveLength(2);
    const { client } = await useUser(1);
    const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
    await sessions.ready();
    const issued = await sessions.create({ subject: 'ada' });
    const verified = await Promise.all(
      Array.from({ length: 8 }, async () => sessions.verify(issued.accessToken)),
    );
    expect(verified.every(({ ok }) => ok)).toBe(true);
    expect(await sessions.verify(`${issued.accessToken.slice(0, -1)}_`)).toMatchObject({
      ok: false,
    });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
    await sessions.update(issued.session.sid, { a: 1 });
    await sessions.elevate(issued.session.sid);
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(await sessions.revoke(issued.session.sid)).toBe(true);
    expect(await sessions.revokeAll('ada')).toBe(0);
  });

  it('suffice for a denylist, and with the second line for a near cache', async () => {
    const { client } = await useUser(2);
    const denylist = redisDenylist(client);
    await denylist.ready();
    const sid = 'a'.repeat(32);
    const version = await denylist.currentVersion('a'.repeat(16), 60_000);
    expect(await denylist.isDenied({ sid, jti: 'x', version }, Date.now())).toBe(false);
    await denylist.denyAll('a'.repeat(16), { operation: 'one', ttlMs: 60_000 });
    expect(await denylist.isDenied({ sid, jti: 'x', version }, Date.now())).toBe(true);

    const logger = createMemoryLogger();
    const store = redisStore(client, { nearCache: true });
    const sessions = createSessions({ store, logger });
    onTestFinished(() => sessions.close());
    const issued = await sessions.create({ subject: 'ada' });
    await until(
      async () => {
        await sessions.get(issued.session.sid);
        return store.getCached?.(issued.session.sid) !== undefined;
      },
      { what: 'the near cache' },
    );
  });
});

describe('a near cache that cannot be set up', () => {
  it('is reported once, with the reason, and tried more and more rarely', async () => {
    const server = await startServer();
    await server.command(
      'ACL',
      'SETUSER',
      'app',
      'reset',
      'on',
      '>pw',
      '~sess:*',
      '&*',
      '+@all',
      '-client|tracking',
    );
    const client = await connect(server, { username: 'app', password: 'pw' });
    const logger = createMemoryLogger();
    const sessions = createSessions({ store: redisStore(client, { nearCache: true }), logger });
    onTestFinished(() => sessions.close());
    const countConnections = async (): Promise<number> =>
      Number(
        /total_connections_received:(\d+)/.exec(String(await server.command('INFO', 'stats')))?.[1],
      );
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const before = await countConnections();
    await sleep(4_000);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    // Without a growing pause there would be sixteen.
    expect((await countConnections()) - before).toBeLessThanOrEqual(6);
    const warnings = logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toContain('near cache: changes cannot be listened to');
    expect(String(warnings[0]?.fields['reason'])).toContain('NOPERM');
  }, 20_000);
});
