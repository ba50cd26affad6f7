import { createSessions, type Sessions } from '@sess/core';
import { failFast, failFastCluster, failFastNodeRedis, redisStore } from '@sess/redis';
import {
  requireServer,
  sleep,
  startRedisCluster,
  startTcpProxy,
  type TcpProxy,
  until,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Cluster } from 'ioredis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { CLIENTS, CLUSTER_CLIENTS } from '../clients.js';
import { useServer } from './arrange.js';

/*
 * The set-ups that ship, each with the faults of a connection: cut, silent, demoted. Reads that begin after a cut do not
 * fail, and every other fault heals within the bounds that are stated here.
 */

const SILENCE_BOUND_MS = 5_000;
const DEMOTION_BOUND_MS = 5_000;
const CLUSTER_START_MS = 1_500;

function createEngine(client: Parameters<typeof redisStore>[0]): Sessions {
  const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
  onTestFinished(() => sessions.close());
  return sessions;
}

async function useProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const proxy = await startTcpProxy({ target });
  onTestFinished(() => proxy.close());
  return proxy;
}

describe.each(Object.entries(CLIENTS))('a connection of %s', (_name, open) => {
  test('that is cut fails no read that begins afterwards', async () => {
    const server = await useServer(onTestFinished);
    const proxy = await useProxy(server);
    const opened = await open(proxy.url);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    const { accessToken } = await sessions.create({ subject: 'ada' });
    for (let round = 0; round < 3; round += 1) {
      proxy.cut();
      await sleep(2);
      for (let n = 0; n < 5; n += 1) {
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
        await sleep(5);
      }
    }
  });

  test('that is silent is replaced within seconds', async () => {
    const server = await useServer(onTestFinished);
    const proxy = await useProxy(server);
    const opened = await open(proxy.url);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    const { accessToken } = await sessions.create({ subject: 'ada' });
    proxy.forget();
    const began = performance.now();
    await until(
      async () => {
        const result = await sessions.verify(accessToken);
        return result.ok;
      },
      { what: 'a new connection', timeoutMs: SILENCE_BOUND_MS },
    );
    console.info(
      `${_name}: a silent connection was replaced after ${Math.round(performance.now() - began)} ms`,
    );
  });

  test('that leads to a demoted primary finds the new one', async () => {
    const [one, two] = [await useServer(onTestFinished), await useServer(onTestFinished)];
    await two.command('REPLICAOF', one.host, one.port);
    await until(
      async () => /master_link_status:up/.test(String(await two.command('INFO', 'replication'))),
      {
        what: 'the replica',
      },
    );
    const proxy = await useProxy(one);
    const opened = await open(proxy.url);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await until(async () => Number(await two.command('DBSIZE')) > 0, { what: 'the session' });
    await two.command('REPLICAOF', 'NO', 'ONE');
    await one.command('REPLICAOF', two.host, two.port);
    proxy.redirect(two);
    await until(async () => (await sessions.refresh(refreshToken)).ok, {
      what: 'the new primary',
      timeoutMs: DEMOTION_BOUND_MS,
    });
  });
});

test('READONLY replies do not take verifications with them', async () => {
  const primary = await useServer(onTestFinished);
  const replica = await useServer(onTestFinished, { replicaof: `${primary.host} ${primary.port}` });
  const open = CLIENTS['ioredis 6'] as (typeof CLIENTS)[string];
  const [writer, reader] = [await open(primary.url), await open(replica.url)];
  onTestFinished(writer.close);
  onTestFinished(reader.close);
  const { accessToken, refreshToken } = await createEngine(writer.client).create({
    subject: 'ada',
  });
  await until(async () => Number(await replica.command('DBSIZE')) > 0, { what: 'the session' });
  const before = Number(
    /total_connections_received:(\d+)/.exec(String(await replica.command('INFO', 'stats')))?.[1],
  );
  const sessions = createEngine(reader.client);
  const writes: Promise<unknown>[] = [];
  for (let n = 0; n < 60; n += 1) {
    writes.push(sessions.refresh(refreshToken).catch(() => undefined));
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    await sleep(20);
  }
  await Promise.all(writes);
  const stats = String(await replica.command('INFO', 'stats'));
  const opened = Number(/total_connections_received:(\d+)/.exec(stats)?.[1]) - before;
  // The connections that asked, and one reconnect for each second at most.
  expect(opened).toBeLessThan(8);
});

test.each(Object.entries(CLUSTER_CLIENTS))(
  'a Cluster is ready soon after its client was created: %s',
  async (_name, open) => {
    const cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => cluster.stop());
    const began = performance.now();
    const opened = await open(cluster.endpoints);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    await sessions.ready();
    for (let n = 0; n < 12; n += 1) await sessions.create({ subject: `u${n}` });
    const took = performance.now() - began;
    console.info(
      `${_name}: a Cluster client was ready, with 12 sign-ins, after ${Math.round(took)} ms`,
    );
    expect(took).toBeLessThan(CLUSTER_START_MS);
  },
);

test('the set-ups fit each client', () => {
  expect(failFast).toMatchObject({ maxRetriesPerRequest: 0, enableOfflineQueue: false });
  expect(failFastCluster.redisOptions).not.toHaveProperty('retryStrategy');
  expect(failFastNodeRedis.disableOfflineQueue).toBe(true);
  for (const delay of [failFast.retryStrategy(1), failFastNodeRedis.socket.reconnectStrategy(0)]) {
    expect(delay).toBeLessThanOrEqual(10);
  }
  expect(failFast.retryStrategy(100)).toBeLessThanOrEqual(500);
  const cluster = new Cluster([{ port: 1 }], { ...failFastCluster, lazyConnect: true });
  cluster.disconnect();
});
