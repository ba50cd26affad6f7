import type { Issued } from '@sess/core';
import { failFast } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  sleep,
  startRedisServer,
  startTcpProxy,
  until,
} from '@sess/test-servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { CLIENTS, type OpenClient } from '../clients.js';
import { attempt, createEngine } from './arrange.js';

const USERS = 500;
const CHAOS = 700;

/** The clients of the suite, and one that sends again by itself. */
const OPEN: Readonly<Record<string, (url: string) => Promise<OpenClient>>> = {
  ...CLIENTS,
  'ioredis that sends again': async (url) => {
    const client = new Redis(url, {
      ...failFast,
      maxRetriesPerRequest: 20,
      enableOfflineQueue: true,
    });
    client.on('error', () => {});
    return { client, close: async () => client.disconnect() };
  },
};

describe('500 concurrent users over one connection that breaks and stalls', () => {
  let server: RedisServer;
  let users: readonly Issued[];
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    const client = new Redis(server.url);
    const { sessions } = createEngine(client);
    users = await Promise.all(
      Array.from({ length: USERS }, (_, n) => sessions.create({ subject: `user-${n}` })),
    );
    client.disconnect();
  });
  afterAll(() => server?.stop());

  test.for(Object.keys(OPEN))(
    'are never shown the session of another, through %s [store.apart]',
    { timeout: 40_000 },
    async (name, { expect, onTestFinished }) => {
      const proxy = await startTcpProxy({ target: server });
      onTestFinished(() => proxy.close());
      const opened = await OPEN[name]?.(proxy.url);
      if (opened === undefined) throw new Error(name);
      onTestFinished(opened.close);
      // Calls are given up while their answers are still to come: those must reach nobody else.
      const { sessions } = createEngine(opened.client, { store: { timeout: 0.25 } });

      const seen = { own: 0, failed: 0 };
      const wrong: unknown[] = [];
      let isOver = false;
      async function use(n: number): Promise<void> {
        const { accessToken, session } = users[n] ?? {};
        while (!isOver) {
          const verified = await attempt(async () => sessions.verify(accessToken));
          const listed = n % 10 === 0 ? await attempt(() => sessions.list(`user-${n}`)) : undefined;
          if (!verified.answered) seen.failed += 1;
          else if (verified.value.ok && verified.value.session.sid === session?.sid) seen.own += 1;
          else wrong.push([n, verified.value]);
          if (listed?.answered && listed.value[0]?.sid !== session?.sid)
            wrong.push([n, listed.value]);
          // A refusal comes at once: without a pause nobody else would have a turn.
          if (!verified.answered) await sleep(5);
        }
      }
      const load = Promise.all(users.map((_, n) => use(n))).catch((error: unknown) => {
        wrong.push(error);
      });

      const end = performance.now() + CHAOS;
      const faults = [
        () => proxy.cut(),
        () => server.command('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => {}),
        () => proxy.delay(400),
        () => proxy.dropReplies(1),
      ];
      for (let round = 0; performance.now() < end; round += 1) {
        const goal = seen.own + USERS;
        await until(() => seen.own >= goal, { what: 'everyone to be served', everyMs: 2 });
        await faults[round % faults.length]?.();
        if (round % faults.length === 2) {
          await sleep(300);
          proxy.delay(0);
        }
      }
      isOver = true;
      await load;
      expect(wrong).toEqual([]);
      expect(seen.failed).toBeGreaterThan(0);
    },
  );
});
