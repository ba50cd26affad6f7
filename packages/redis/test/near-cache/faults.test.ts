import { failFast } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  sleep,
  startRedisServer,
  startTcpProxy,
  type TcpProxy,
  until,
} from '@sess/test-servers';
import { Redis } from 'ioredis';
import { describe, inject, type TestContext, test } from 'vitest';
import { BOUND, type OpenStore, openStore, SLACK } from './help.js';

interface Scene {
  readonly server: RedisServer;
  /** Before the near cache's connection only, or before its client only, or before both. */
  readonly proxy: TcpProxy;
  readonly near: OpenStore;
  readonly other: OpenStore;
  /** Lets the near cache's next connection by the proxy. */
  bypass(): void;
}

/** What of the first instance goes through the proxy; the second instance never does. */
type Through = 'channel' | 'client' | 'both';

async function arrange(
  onFinished: TestContext['onTestFinished'],
  through: Through,
): Promise<Scene> {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  onFinished(() => server.stop());
  const proxy = await startTcpProxy({ target: server });
  onFinished(() => proxy.close());

  const connect = (port: number): Redis => {
    const client = new Redis({ ...failFast, port });
    client.on('error', () => {});
    onFinished(() => client.disconnect());
    return client;
  };
  const client = connect(through === 'channel' ? server.port : proxy.port);
  let copyPort = through === 'client' ? server.port : proxy.port;
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (options) => duplicate({ ...options, port: copyPort });
  const near = openStore(client);
  onFinished(near.close);
  const other = openStore(connect(server.port), { nearCache: false });
  await until(
    async () => {
      await Promise.all([near.store.ready(), other.store.ready()]);
      return true;
    },
    { what: 'the clients' },
  );
  const bypass = (): void => {
    copyPort = server.port;
  };
  return { server, proxy, near, other, bypass };
}

/** Asks every few milliseconds, and answers when memory had the session last, counted from now. */
async function lastYes(near: OpenStore, sid: string, milliseconds: number): Promise<number> {
  const since = performance.now();
  let last = 0;
  while (performance.now() - since < milliseconds) {
    if (near.has(sid)) last = performance.now() - since;
    await sleep(5);
  }
  return last;
}

describe.concurrent('while invalidations do not arrive', { timeout: 30_000 }, () => {
  test('a silent channel is believed for the bound, and no longer', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, near, other, bypass } = await arrange(onTestFinished, 'channel');
    const { sid } = await other.insert('ada');
    const kept = await other.insert('bob');
    await near.cached(sid);
    await near.cached(kept.sid);
    proxy.silence();
    await other.remove(sid);
    expect(await lastYes(near, sid, BOUND + 1_500)).toBeLessThan(BOUND + SLACK);
    // Nothing new either, however often it is read.
    await near.load(kept.sid);
    expect(near.has(kept.sid)).toBe(false);
    expect(await near.load(sid)).toBeUndefined();

    // The silence goes on: that connection has to be given up without a word from anybody.
    bypass();
    await near.cached(kept.sid);
    await other.remove(kept.sid);
    await until(() => !near.has(kept.sid), { what: 'the removal to be heard of' });
  });

  test('a channel and a client that are silent together are too', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, near, other } = await arrange(onTestFinished, 'both');
    const [one, two] = [await other.insert('ada'), await other.insert('bob')];
    await near.cached(one.sid);
    await near.cached(two.sid);
    proxy.silence();
    await other.remove(one.sid);
    expect(await lastYes(near, one.sid, BOUND + 1_500)).toBeLessThan(BOUND + SLACK);
    await proxy.pass();
    await near.cached(two.sid);
    expect(near.has(one.sid)).toBe(false);
  });

  test('a channel that is cut is believed no more', async ({ expect, onTestFinished }) => {
    const { proxy, near, other } = await arrange(onTestFinished, 'channel');
    const { sid } = await other.insert('ada');
    await near.cached(sid);
    proxy.refuse();
    proxy.cut();
    await until(() => !near.has(sid), { what: 'the cut to be seen', timeoutMs: SLACK });
    await near.load(sid);
    expect(near.has(sid)).toBe(false);
    await other.rename(await other.insert('bob'));
    await proxy.pass();
    await near.cached(sid);
    await other.remove(sid);
    await until(() => !near.has(sid), { what: 'the removal to be heard of' });
  });

  test('a channel that is slower than the bound counts as silent, though it delivers', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, near, other } = await arrange(onTestFinished, 'channel');
    const { sid } = await other.insert('ada');
    await near.cached(sid);
    proxy.delay(BOUND + 1_000);
    await other.remove(sid);
    expect(await lastYes(near, sid, BOUND + 1_500)).toBeLessThan(BOUND + SLACK);
    const { sid: later } = await other.insert('ada');
    for (let n = 0; n < 20; n += 1) {
      await near.load(later);
      expect(near.has(later)).toBe(false);
      await sleep(100);
    }
    await proxy.pass();
    await near.cached(later);
  });

  test('a server that stands still, and is forgotten, is believed for the bound', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, near, other } = await arrange(onTestFinished, 'both');
    const { sid } = await other.insert('ada');
    await near.cached(sid);
    await server.pause();
    expect(await lastYes(near, sid, BOUND + 1_000)).toBeLessThan(BOUND + SLACK);
    server.resume();
    await near.cached(sid);
    await server.restart();
    await until(() => !near.has(sid), { what: 'the restart to be seen' });
    const { sid: next } = await until(() => other.insert('ada'), { what: 'the server' });
    await near.cached(next);
  });
});

describe.concurrent('a read in flight', { timeout: 30_000 }, () => {
  test('is not kept when its key is invalidated before it returns', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, near, other } = await arrange(onTestFinished, 'client');
    const record = await other.insert('ada');
    const stranger = await other.insert('bob');
    await near.cached(stranger.sid);
    proxy.delay(400);
    // Both are read by the server now, and arrive after the change has been heard of.
    const [reading, readingStranger] = [near.load(record.sid), near.load(stranger.sid)];
    await sleep(150);
    await other.rename(record);
    await sleep(100);
    const read = await reading;
    expect(read?.dataVersion).toBe(1);
    expect(near.has(record.sid)).toBe(false);
    await readingStranger;
    expect(near.has(stranger.sid)).toBe(true);
    await proxy.pass();
    await near.cached(record.sid);
    expect(near.store.getCached?.(record.sid)?.dataVersion).toBe(2);
  });

  test('is not kept when the channel was not up all the time', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, proxy, near, other } = await arrange(onTestFinished, 'client');
    const { sid } = await other.insert('ada');
    const warm = await other.insert('bob');
    await near.cached(warm.sid);
    proxy.delay(900);
    const reading = near.load(sid);
    await sleep(100);
    // The channel is back and proven long before the read returns, but was not there when it left.
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await reading).toMatchObject({ sid });
    expect(near.has(sid)).toBe(false);
    await proxy.pass();
    await near.cached(sid);
  });
});

test('nothing that happens to the channel reaches a caller', { timeout: 30_000 }, async ({
  expect,
  onTestFinished,
}) => {
  const { proxy, near, other } = await arrange(onTestFinished, 'channel');
  proxy.refuse();
  proxy.cut();
  for (let n = 0; n < 20; n += 1) {
    const { sid } = await near.insert(`user ${n}`);
    expect(await near.load(sid)).toMatchObject({ sid });
    await other.remove(sid);
    expect(await near.load(sid)).toBeUndefined();
    await sleep(20);
  }
});
