import type { Issued, Sessions } from '@sess/core';
import { type RedisServer, sleep, startTcpProxy, until } from '@sess/test-servers';
import { describe, test } from 'vitest';
import { CLIENTS } from '../clients.js';
import {
  type Attempt,
  attempt,
  createEngine,
  dump,
  type OnFinished,
  useNeighbour,
  useRedis,
  useServer,
  warmUp,
} from './arrange.js';
import { watchEventLoop } from './event-loop.js';

const SILENCE = 5_000;
/** One deadline of a second, what a read waits for the one before it, and what a busy machine adds. */
const DEADLINE = 1_500;

/** One call of each kind. Every one of them wants to ask the server first. */
function callAll(sessions: Sessions, { session, accessToken, refreshToken }: Issued) {
  const { sid, subject } = session;
  return [
    () => sessions.verify(accessToken),
    () => sessions.refresh(refreshToken),
    () => sessions.update(sid, { late: true }),
    () => sessions.elevate(sid),
    () => sessions.get(sid),
    () => sessions.list(subject),
    () => sessions.revoke(sid),
    () => sessions.revokeAll(subject),
    () => sessions.create({ subject }),
    () => sessions.ready(),
  ] as readonly (() => Promise<unknown>)[];
}

/** Calls everything, again and again, until the silence is over. */
async function callThroughout(
  sessions: Sessions,
  issued: Issued,
): Promise<readonly Attempt<unknown>[]> {
  const calls: Promise<Attempt<unknown>>[] = [];
  const end = performance.now() + SILENCE;
  while (performance.now() < end) {
    calls.push(...callAll(sessions, issued).map((call) => attempt(call)));
    await sleep(130);
  }
  return Promise.all(calls);
}

/** Scripts carried out so far, by whatever name they were called. */
async function scriptsRun(server: RedisServer): Promise<number> {
  const stats = String(await server.command('INFO', 'commandstats'));
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

async function arrange(onFinished: OnFinished) {
  const server = await useServer(onFinished);
  const neighbour = await useNeighbour(onFinished, server);
  await warmUp(neighbour);
  return { server, neighbour, issued: await neighbour.create({ subject: 'ada' }) };
}

describe('five seconds of silence', () => {
  test.concurrent.for(Object.keys(CLIENTS))(
    'calls during five seconds of silence end at the timeout, and nothing is written later, through %s [store.silence, store.late]',
    { timeout: 20_000 },
    async (name, { expect, onTestFinished }) => {
      const { server, issued } = await arrange(onTestFinished);
      const opened = await CLIENTS[name]?.(server.url);
      if (opened === undefined) throw new Error(name);
      onTestFinished(opened.close);
      const { sessions, heard } = createEngine(opened.client);
      await sessions.list('ada');
      const before = await dump(server);
      const runBefore = await scriptsRun(server);

      // Connections stand and take what is sent: it is carried out when the server goes on.
      await server.pause();
      onTestFinished(() => server.resume());
      const busiest = watchEventLoop();
      const attempts = await callThroughout(sessions, issued);
      const lag = busiest();
      server.resume();

      expect(attempts.filter(({ answered }) => answered)).toEqual([]);
      expect(Math.max(...attempts.map(({ took }) => took))).toBeLessThan(DEADLINE);
      // Attempts that repeat without a pause would keep it busy for seconds.
      expect(lag).toBeLessThan(300);

      let last = -1;
      await until(
        async () => {
          const now = await scriptsRun(server);
          const isQuiet = now === last && now > runBefore;
          last = now;
          return isQuiet;
        },
        { what: 'the server to get through what was sent', everyMs: 50 },
      );
      expect(await dump(server)).toEqual(before);
      await until(async () => (await sessions.verify(issued.accessToken)).ok, { what: 'healing' });
      expect(heard).not.toContain('reuse');
    },
  );

  test.concurrent('do not have a client write late that keeps commands and sends them again [store.late]', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, issued } = await arrange(onTestFinished);
    const proxy = await startTcpProxy({ target: server });
    onTestFinished(() => proxy.close());
    // As ioredis comes: what is unanswered is sent again, what cannot be sent waits.
    const client = useRedis(onTestFinished, proxy.url, { retryStrategy: () => 50 });
    const { sessions } = createEngine(client);
    await sessions.list('ada');
    const before = await dump(server);

    proxy.silence();
    const attempts = await callThroughout(sessions, issued);
    proxy.resetCounters();
    await proxy.pass();
    expect(attempts.filter(({ answered }) => answered)).toEqual([]);
    expect(Math.max(...attempts.map(({ took }) => took))).toBeLessThan(DEADLINE);

    // Answered in order, so that all that was kept has been answered when this is.
    await until(() => client.ping(), { what: 'the client to be back' });
    expect(proxy.counters().commands.get('EVALSHA')).toBeGreaterThan(100);
    expect(await dump(server)).toEqual(before);
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  }, 20_000);

  // node-redis takes its own writes for a sign of life: there the deadline holds, and TCP has to find out.
  const left = Object.keys(CLIENTS).filter((name) => name !== 'node-redis 6');
  test.concurrent.for(left)(
    'that never end have a client leave the dead connection for a new one, through %s',
    { timeout: 20_000 },
    async (name, { expect, onTestFinished }) => {
      const { server, issued } = await arrange(onTestFinished);
      const proxy = await startTcpProxy({ target: server });
      onTestFinished(() => proxy.close());
      const opened = await CLIENTS[name]?.(proxy.url);
      if (opened === undefined) throw new Error(name);
      onTestFinished(opened.close);
      const { sessions } = createEngine(opened.client);
      expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
      // As when a machine loses its power: what is sent to it vanishes, and another answers new connections.
      const { connections } = proxy.counters();
      proxy.hooks.onRequest = ({ connection }) => (connection <= connections ? 'drop' : 'pass');
      await until(async () => (await sessions.verify(issued.accessToken)).ok, {
        what: 'a new connection',
      });
    },
  );
});

describe('a silent server', () => {
  test.concurrent('does not have deadlines of waiting reads add up', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, issued } = await arrange(onTestFinished);
    const { sessions } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    await server.pause();
    onTestFinished(() => server.resume());
    // More than fit in eight commands, and some while others are under way.
    const reads = Array.from({ length: 2_000 }, () =>
      attempt(async () => sessions.verify(issued.accessToken)),
    );
    for (let n = 0; n < 10; n += 1) {
      await sleep(60);
      reads.push(attempt(async () => sessions.verify(issued.accessToken)));
    }
    const slowest = Math.max(...(await Promise.all(reads)).map(({ took }) => took));
    expect(slowest).toBeLessThan(DEADLINE);
  });
});
