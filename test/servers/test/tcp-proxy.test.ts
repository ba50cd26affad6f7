import {
  type ProxyRequest,
  type RedisServer,
  RespError,
  requireServer,
  startRedisServer,
  startTcpProxy,
  type TcpProxy,
  until,
} from '@sess/test-servers';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { quiet, redisAt } from './clients.js';

const INCREMENT = 'return redis.call("INCR", KEYS[1])';

// The proxy sees RESP only, which Redis and Valkey speak alike.
describe('a proxy', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let client: Redis;

  beforeEach(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    proxy = await startTcpProxy({ target: server });
    client = redisAt(proxy.port, { commandTimeout: 300 });
    await client.set('a', '1');
  });
  afterEach(async () => {
    client?.disconnect();
    await proxy?.close();
    await server?.stop();
  });

  function clientIsBack(): Promise<unknown> {
    return until(() => client.get('a'), { what: 'the client to be back' });
  }

  test('counts requests, replies and round trips', async () => {
    proxy.resetCounters();
    await client.pipeline().get('a').get('a').get('b').exec();
    await client.eval(INCREMENT, 1, 'n');
    const { requests, replies, roundTrips, pushes, commands } = proxy.counters();
    expect({ requests, replies, roundTrips, pushes }).toEqual({
      requests: 4,
      replies: 4,
      roundTrips: 2,
      pushes: 0,
    });
    expect([...commands]).toEqual([
      ['GET', 3],
      ['EVAL', 1],
    ]);
  });

  test('delays replies', async () => {
    proxy.delay(80);
    const start = performance.now();
    expect(await Promise.all([client.get('a'), client.get('a')])).toEqual(['1', '1']);
    expect(performance.now() - start).toBeGreaterThanOrEqual(79);
  });

  test('delays a request that the client has given up, and the server carries it out', async () => {
    proxy.delay(400, 'request');
    await expect(client.set('late', 'x')).rejects.toThrow(/timed out/);
    expect(await server.command('GET', 'late')).toBeNull();
    await until(async () => (await server.command('GET', 'late')) === 'x', {
      what: 'the late write',
    });
  });

  test('drops the reply of what was carried out, but not an error', async () => {
    proxy.dropReplies(1, 'evalsha');
    const sha = String(await client.script('LOAD', INCREMENT));
    await expect(client.evalsha('0'.repeat(40), 1, 'n')).rejects.toThrow(/NOSCRIPT/);
    await expect(client.evalsha(sha, 1, 'n')).rejects.toThrow();
    expect(await server.command('GET', 'n')).toBe('1');
    expect(await client.evalsha(sha, 1, 'n')).toBe(2);
  });

  test('swallows everything in a silence, and resets what lost bytes when it ends', async () => {
    proxy.silence();
    await expect(client.get('a')).rejects.toThrow(/timed out/);
    await proxy.pass();
    await clientIsBack();
  });

  test('lets hooks see and reset requests and replies', async () => {
    const requests: ProxyRequest[] = [];
    proxy.hooks.onRequest = (request) => {
      requests.push(request);
      return request.command === 'DEL' ? 'reset' : 'pass';
    };
    proxy.hooks.onReply = (_request, reply) => (reply instanceof RespError ? 'reset' : 'pass');
    await expect(client.del('a')).rejects.toThrow();
    expect(await server.command('GET', 'a')).toBe('1');
    expect(requests.at(-1)?.args.map(String)).toEqual(['a']);
    await server.command('SET', 'word', 'x');
    // The connection went, and not the server's error, came back.
    await expect(client.incr('word')).rejects.toThrow(/^(?!.*not an integer)/);
    proxy.hooks.onRequest = proxy.hooks.onReply = undefined;
    await clientIsBack();
  });

  test('refuses new connections while old ones stand, until they are cut', async () => {
    proxy.refuse();
    expect(await client.get('a')).toBe('1');
    proxy.cut();
    await expect(client.get('a')).rejects.toThrow();
    await proxy.pass();
    await clientIsBack();
  });

  test.each([2, 3] as const)('carries subscriptions of RESP%i', async (protocol) => {
    const subscriber = quiet(new Redis({ host: proxy.host, port: proxy.port, protocol }));
    onTestFinished(() => subscriber.disconnect());
    const heard: string[] = [];
    subscriber.on('message', (_channel: string, message: string) => void heard.push(message));
    await subscriber.subscribe('x', 'y');
    await server.command('PUBLISH', 'x', 'hello');
    await until(() => heard.includes('hello'), { what: 'the message' });
    expect(await subscriber.unsubscribe()).toBe(0);
    expect(await subscriber.echo('still in step')).toBe('still in step');
  });

  test('carries the stream of a replica', async () => {
    const replica = await startRedisServer({
      binary: requireServer(inject('servers').redis),
      config: { replicaof: `${proxy.host} ${proxy.port}` },
    });
    onTestFinished(() => replica.stop());
    await server.command('SET', 'big', 'x'.repeat(1_000_000));
    await until(async () => String(await replica.command('GET', 'big')).length === 1_000_000, {
      what: 'the replica',
    });
  });
});
