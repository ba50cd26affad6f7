import type { DeniableToken } from '@sess/core/store';
import { failFast } from '@sess/redis';
import { type RedisServer, sleep, startTcpProxy, until } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ADA,
  createName,
  LIFE,
  type OpenDenylist,
  openDenylist,
  useRedis,
  useServer,
} from './help.js';

async function arrange(config: Readonly<Record<string, string>> = {}) {
  const server = await useServer(config);
  const opened = openDenylist(await useRedis(server.url));
  await opened.denylist.ready();
  return { server, ...opened };
}

/** Every kind of denial, one token each, and one that is good. */
async function denySome({ denylist, issue, deny }: OpenDenylist): Promise<{
  readonly denied: readonly DeniableToken[];
  readonly good: DeniableToken;
}> {
  const [byName, bySession, spent, good] = [
    await issue(),
    await issue(),
    await issue(),
    await issue(),
  ];
  await deny(byName);
  await denylist.deny(ADA, [{ kind: 'session', id: bySession.sid }], LIFE);
  await denylist.supersede(spent, { at: Date.now(), successor: createName(), ttlMs: LIFE });
  return { denied: [byName, bySession, spent], good };
}

describe('a denylist whose server', { timeout: 30_000 }, () => {
  test('forgets its scripts, between every call, does not notice [store.scripts]', async () => {
    const { server, denylist, issue, isDenied, deny, denyAll } = await arrange();
    const flush = () => server.command('SCRIPT', 'FLUSH');
    await flush();
    const token = await issue();
    await flush();
    await deny(token);
    await flush();
    expect(await isDenied(token)).toBe(true);
    const next = await issue();
    await flush();
    const given = { at: Date.now(), successor: 'next', ttlMs: LIFE };
    expect(await denylist.supersede(next, given)).toMatchObject({ successor: 'next' });
    await flush();
    await denyAll('ada', next.sid);
    expect(await isDenied({ ...next, jti: 'next' })).toBe(false);
    await flush();
    await denyAll();
    expect(await isDenied({ ...next, jti: 'next' })).toBe(true);
  });

  test('a denylist whose server lost all keys denies earlier tokens, and continues [jwt.flushed]', async () => {
    const opened = await arrange();
    const { server, issue, isDenied, denyAll } = opened;
    const { denied, good } = await denySome(opened);
    await denyAll('ada', good.sid);
    expect(await isDenied(good)).toBe(false);
    await server.command('FLUSHALL');
    for (const token of [...denied, good]) expect(await isDenied(token)).toBe(true);
    const fresh = await issue('ada', good.sid);
    expect(await isDenied(fresh)).toBe(false);
    for (const token of [...denied, good]) expect(await isDenied(token)).toBe(true);
  });

  test('a denylist whose server restarted without its data denies earlier tokens, and continues', async () => {
    const opened = await arrange();
    const { server, issue, isDenied } = opened;
    const { denied, good } = await denySome(opened);
    await server.kill();
    await server.restart();
    await until(() => isDenied(good).then(() => true), { what: 'the server' });
    for (const token of [...denied, good]) expect(await isDenied(token)).toBe(true);
    expect(await isDenied(await issue())).toBe(false);
  });

  test('is restarted with its data knows all of it, as another process does', async () => {
    const opened = await arrange({ appendonly: 'yes', appendfsync: 'always' });
    const { server, isDenied } = opened;
    const { denied, good } = await denySome(opened);
    await server.kill();
    await server.restart();
    await until(() => isDenied(good).then(() => true), { what: 'the server' });
    const other = openDenylist(await useRedis(server.url));
    for (const { isDenied: ask } of [opened, other]) {
      expect(await Promise.all(denied.map(ask))).toEqual([true, true, true]);
      expect(await ask(good)).toBe(false);
    }
  });

  test('is away fails, and heals by itself [store.fault]', async () => {
    const { server, issue, isDenied, deny, denylist } = await arrange();
    const token = await issue();
    await server.kill();
    const began = performance.now();
    await expect(isDenied(token)).rejects.toThrow();
    await expect(deny(token)).rejects.toThrow();
    await expect(denylist.ready()).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(4_000);
    await server.restart();
    await until(() => issue().then(() => true), { what: 'the server' });
    await denylist.ready();
  });

  test('is silent fails every pending call when its connection is closed for it [store.silence]', async () => {
    const server = await useServer();
    const client = await useRedis(server.url, { ...failFast, commandTimeout: 60_000 });
    const { denylist, issue, isDenied } = openDenylist(client, { timeout: 0.3 });
    const token = await issue();
    await server.pause();
    const began = performance.now();
    // The engine gives up after the timeout; the denylist has no timer of its own.
    const outcomes = await Promise.allSettled([
      isDenied(token),
      denylist.deny(ADA, [{ kind: 'token', id: 'x' }], LIFE),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(performance.now() - began).toBeLessThan(failFast.socketTimeout + 1_000);
    server.resume();
  });

  test('cuts the connection is asked again on the next one', async () => {
    const opened = await arrange();
    const { server, isDenied, issue } = opened;
    const { denied, good } = await denySome(opened);
    for (let n = 0; n < 5; n += 1) {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await until(() => issue().then(() => true), { what: 'the connection' });
      expect(await Promise.all(denied.map(isDenied))).toEqual([true, true, true]);
      expect(await isDenied(good)).toBe(false);
    }
  });

  test('loses the reply to a write has written it once, and the call can be made again', async () => {
    const server = await useServer();
    const proxy = await startTcpProxy({ target: server });
    onTestFinished(() => proxy.close());
    const client = await useRedis(proxy.url, { ...failFast, commandTimeout: 200 });
    const { denylist, issue, isDenied } = openDenylist(client);
    const witness = openDenylist(await useRedis(server.url));
    const spent = await issue();
    const given = { at: Date.now(), successor: 'first', ttlMs: LIFE };
    const everything = { operation: createName(), ttlMs: LIFE, except: spent.sid };
    // So that the scripts are known.
    await witness.denylist.supersede(await issue(), { ...given, successor: 'another' });
    await witness.denyAll('bob');
    proxy.delay(400);
    await expect(denylist.supersede(spent, given)).rejects.toThrow();
    await expect(denylist.denyAll(ADA, everything)).rejects.toThrow();
    proxy.delay(0);
    await until(() => isDenied(spent).then((answer) => answer), { what: 'the late write' });
    await sleep(500);
    await until(
      () => denylist.supersede(spent, { ...given, successor: 'second' }).then(() => true),
      {
        what: 'the connection',
      },
    );
    expect(await witness.denylist.supersede(spent, { ...given, successor: 'third' })).toMatchObject(
      {
        successor: 'first',
      },
    );
    const after = await witness.issue();
    await denylist.denyAll(ADA, everything);
    expect(await witness.isDenied(after)).toBe(false);
  });

  test('is full still takes denials, and makes no tokens', async () => {
    const opened = await arrange();
    const { server, denylist, issue, isDenied, deny, denyAll } = opened;
    const [one, two, mine] = [await issue(), await issue(), await issue()];
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(issue('bob')).rejects.toThrow('OOM');
    await deny(one);
    await denylist.deny(ADA, [{ kind: 'session', id: two.sid }], LIFE);
    await denyAll('ada', mine.sid);
    expect(await Promise.all([one, two, mine].map(isDenied))).toEqual([true, true, false]);
    await denyAll();
    expect(await isDenied(mine)).toBe(true);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await isDenied(await issue())).toBe(false);
  });
});

describe('durability', { timeout: 30_000 }, () => {
  test('waits for replicas, and names in a warning what they did not confirm', async () => {
    const server = await useServer();
    const logger = createMemoryLogger();
    const opened = openDenylist(
      await useRedis(server.url),
      { durability: { replicas: 1, timeout: 0.3 } },
      logger,
    );
    onTestFinished(() => opened.denylist.close());
    await until(() => opened.issue().then(() => true), { what: 'the connections' });
    const token = await opened.issue();
    const unconfirmed = () => logger.lines.filter(({ message }) => /did not confirm/.test(message));
    await until(() => opened.deny(token).then(() => true), { what: 'the denial' });
    expect(unconfirmed().length).toBe(1);
    expect(await opened.isDenied(token)).toBe(true);
    const replica = await useServer();
    await replica.command('REPLICAOF', '127.0.0.1', String(server.port));
    const next = await opened.issue();
    // It is sent writes only a while after it has loaded what was there.
    const isConfirmed = async () => {
      const before = unconfirmed().length;
      await opened.deny(next);
      return unconfirmed().length === before;
    };
    await until(isConfirmed, { what: 'a confirmed denial' });
    expect(await replica.command('HEXISTS', `sess:deny:${ADA}`, `j${next.jti}`)).toBe(1);
  });
});

describe('a read-only replica', { timeout: 30_000 }, () => {
  test('that is promoted while it is asked is waited for a moment', async () => {
    const server = await useServer();
    // Without a reconnect at READONLY, which under load takes longer than the wait that is shown here.
    const client = await useRedis(server.url, { ...failFast, reconnectOnError: () => false });
    const { issue, isDenied, deny } = openDenylist(client);
    const token = await issue();
    await turnReadOnly(server);
    const denying = deny(token);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await denying;
    expect(await isDenied(token)).toBe(true);
  });
});

/** A replica of nobody who is there: reads are answered, writes are not. */
async function turnReadOnly(server: RedisServer): Promise<void> {
  await server.command('REPLICAOF', '127.0.0.1', '1');
}
