import { createSessions, type Issued, type Sessions } from '@sess/core';
import { type RedisPort, redisStore } from '@sess/redis';
import { type RedisServer, requireServer, sleep, startRedisServer } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { CLIENTS } from '../clients.js';
import { useServer } from './arrange.js';

/** Sessions of different subjects, so that their keys are in different slots. */
async function signInMany(sessions: Sessions, count = 20): Promise<readonly Issued[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) => sessions.create({ subject: `u${n}` })),
  );
}

/** Returns the outcome of each call: `ok`, a reason or an error code. */
async function outcomes(calls: readonly Promise<{ ok: boolean }>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') return String(outcome.reason?.code ?? outcome.reason);
    const { value } = outcome as { value: { ok: boolean; reason?: string } };
    return value.ok ? 'ok' : String(value.reason);
  });
}

const ALL_OK = Array.from({ length: 20 }, () => 'ok');

function createEngine(client: Parameters<typeof redisStore>[0]): Sessions {
  const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
  onTestFinished(() => sessions.close());
  return sessions;
}

describe('a server with cluster-enabled behind a client of one server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({
      binary: requireServer(inject('servers').redis),
      config: { 'cluster-enabled': 'yes' },
    });
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!/cluster_state:ok/.test(String(await server.command('CLUSTER', 'INFO'))))
      await sleep(50);
  });
  afterAll(() => server?.stop());

  test.each(Object.entries(CLIENTS))('is read key by key through %s', async (_name, open) => {
    const opened = await open(server.url);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    await sessions.ready();
    const issued = await signInMany(sessions);
    for (let round = 0; round < 2; round += 1) {
      const verified = issued.map(async ({ accessToken }) => sessions.verify(accessToken));
      expect(await outcomes(verified)).toEqual(ALL_OK);
    }
    const refreshed = issued.map(({ refreshToken }) => sessions.refresh(refreshToken));
    expect(await outcomes(refreshed)).toEqual(ALL_OK);
  });
});

test('a proxy that sends a command to the server of its first key makes no good token unknown', async () => {
  const shards = [await useServer(onTestFinished), await useServer(onTestFinished)].map(
    ({ url }) => {
      const client = new Redis(url);
      onTestFinished(() => client.disconnect());
      return client;
    },
  );
  const proxy: RedisPort = {
    isCluster: false,
    send: (key, _isReadOnly, [command = '', ...args]) =>
      (shards[key.charCodeAt(key.length - 1) % 2] as Redis).call(command, ...args),
  };
  const sessions = createEngine(proxy);
  await sessions.ready();
  const issued = await signInMany(sessions);
  const verified = issued.map(async ({ accessToken }) => sessions.verify(accessToken));
  expect(await outcomes(verified)).toEqual(ALL_OK);
  const refreshed = issued.map(({ refreshToken }) => sessions.refresh(refreshToken));
  expect(await outcomes(refreshed)).toEqual(ALL_OK);
});

test.each(Object.entries(CLIENTS))(
  'paused writes hold up no read through %s',
  async (_name, open) => {
    const server = await useServer(onTestFinished);
    const opened = await open(server.url);
    onTestFinished(opened.close);
    const sessions = createEngine(opened.client);
    await sessions.ready();
    const issued = await signInMany(sessions);
    const [first, second] = issued as readonly [Issued, Issued];
    await server.command('CLIENT', 'PAUSE', 6_000, 'WRITE');
    const verified = issued.map(async ({ accessToken }) => sessions.verify(accessToken));
    expect(await outcomes(verified)).toEqual(ALL_OK);
    expect(await sessions.list('u1')).toHaveLength(1);

    const waiting = sessions.refresh(first.refreshToken).catch(() => undefined);
    await sleep(20);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.get(second.session.sid)).toMatchObject({ subject: 'u1' });
    expect(await sessions.list('u1')).toHaveLength(1);
    await waiting;
    await server.command('CLIENT', 'UNPAUSE');
  },
);

test('an empty replica is no witness that a token is unknown', async () => {
  const server = await useServer(onTestFinished);
  const replica = await useServer(onTestFinished, { replicaof: '127.0.0.1 1' });
  const open = CLIENTS['ioredis 6'] as (typeof CLIENTS)[string];
  const [writer, reader] = [await open(server.url), await open(replica.url)];
  onTestFinished(writer.close);
  onTestFinished(reader.close);
  const issued = await createEngine(writer.client).create({ subject: 'ada' });
  const sessions = createEngine(reader.client);
  const calls = [
    Promise.resolve(sessions.verify(issued.accessToken)),
    sessions.refresh(issued.refreshToken),
  ];
  expect(await outcomes(calls)).toEqual(['store_unavailable', 'store_unavailable']);
  await expect(sessions.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
});
