import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { createSessions, type Sessions } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { redisStore } from '@sess/redis';
import { postgresStore } from '@sess/sql/postgres';
import { openStandalone, startPostgres } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import {
  adoptOld,
  createNewApplication,
  createOldApplication,
  expressSessionOf,
  listen,
  type OldStore,
} from '../applications.js';
import { type Ask, ask, createJar, type Jar } from '../jar.js';

const FULL = 1_000;
/** At less than full size these cost seconds, and meet every path. */
const JARS = scaled(FULL) < FULL ? 32 : FULL;
const REQUESTS = 20;
/** Jars that move at a time. */
const PARALLEL = 4;
const TIMEOUT = 60_000 + JARS * 1_000;

const require = createRequire(import.meta.url);

/** Both systems on one server. */
interface Stores {
  readonly old: OldStore;
  /** A store of one more process. */
  open(): SessionStore;
}

async function openRedis(): Promise<Stores> {
  const server = await openStandalone(inject('servers'));
  const client = await createClient({ url: server.url }).connect();
  const clients: Redis[] = [];
  onTestFinished(async () => {
    for (const one of clients) one.disconnect();
    client.destroy();
    await server.stop();
  });
  const { RedisStore } = require('connect-redis') as {
    readonly RedisStore: new (options: object) => OldStore;
  };
  return {
    old: new RedisStore({ client, prefix: 'old:' }),
    open() {
      const redis = new Redis(server.url, { maxRetriesPerRequest: 0, protocol: 2 });
      clients.push(redis);
      return redisStore(redis, { keyPrefix: 'new:' });
    },
  };
}

async function openPostgres(): Promise<Stores> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 10 });
  onTestFinished(async () => {
    await pool.end();
    await server.stop();
  });
  await postgresStore(pool).migrate();
  const createStore = require('connect-pg-simple') as (
    session: object,
  ) => new (
    options: object,
  ) => OldStore;
  const PgStore = createStore(expressSessionOf());
  return {
    old: new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false }),
    open: () => postgresStore(pool),
  };
}

/** Runs work for each item, some at a time. */
async function forEach<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await work(next[1], next[0]);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
}

describe.each([
  ['connect-redis', openRedis],
  ['connect-pg-simple', openPostgres],
] as const)('live sessions of %s', (_name, open) => {
  /** The old application, and the new one on two servers. */
  async function arrange(endOld: 'when-seen' | 'never') {
    const stores = await open();
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    onTestFinished(() => agent.destroy());
    const engines: Sessions[] = [1, 2].map(() =>
      createSessions({ store: stores.open(), logger: silentLogger }),
    );
    const urls = await Promise.all(
      engines.map((sessions) => {
        const adoption = adoptOld(sessions, stores.old, { endOld });
        return listen(createNewApplication(sessions, { transport: 'cookie', adopt: adoption }));
      }),
    );
    const oldUrl = await listen(createOldApplication(stores.old));
    const users = Array.from({ length: JARS }, (_, index) => ({
      name: `user-${index}`,
      jar: createJar(),
      /** Whatever it is answered at first, it gets late or never. */
      isUnlucky: index % 5 === 0,
    }));
    await forEach(users, async ({ name, jar }) => {
      await ask(jar, `${oldUrl}/login/${name}`, { agent });
    });
    const tally = { requests: 0, lost: 0, signedOut: 0 };

    /** Sends the parallel requests of one page to both servers; of some the response is lost. */
    async function load(user: (typeof users)[number], isFirst: boolean): Promise<void> {
      const sent: Jar = createJar(new Map(user.jar.cookies));
      await Promise.all(
        Array.from({ length: REQUESTS }, async (_, index) => {
          const isLost = (isFirst && user.isUnlucky) || index % 7 === 3;
          const how: Ask = { agent, isLost: true };
          const { body, setCookies } = await ask(sent, `${urls[index % 2]}/me`, how);
          if (!isLost) user.jar.take(setCookies);
          tally.requests += 1;
          if (isLost) tally.lost += 1;
          if ((body as { readonly user: unknown }).user !== user.name) tally.signedOut += 1;
        }),
      );
    }

    const countSessions = async (): Promise<Set<number>> => {
      const counts = new Set<number>();
      await forEach(users, async ({ name }) => {
        counts.add((await (engines[0] as Sessions).list(name)).length);
      });
      return counts;
    };
    const isOld = async (jar: Jar): Promise<unknown> =>
      ((await ask(jar, `${oldUrl}/me`, { agent })).body as { readonly user: unknown }).user;
    return { users, load, tally, countSessions, isOld };
  }

  it(
    'move with twenty parallel requests each, and lost responses: none is signed out or doubled',
    async () => {
      const { users, load, tally, countSessions } = await arrange('when-seen');
      await forEach(users, async (user) => {
        for (const isFirst of [true, false, false]) await load(user, isFirst);
      });
      expect(tally).toMatchObject({ requests: JARS * REQUESTS * 3, signedOut: 0 });
      expect(tally.lost).toBeGreaterThan(JARS);
      expect(await countSessions()).toEqual(new Set([1]));
      expect(users.filter(({ jar }) => jar.cookies.has('connect.sid'))).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'are good in both applications with endOld never, forward, back and forward again',
    async () => {
      const { users, load, tally, countSessions, isOld } = await arrange('never');
      await forEach(users, (user) => load(user, true));
      await forEach(users, async ({ name, jar }) => {
        if ((await isOld(jar)) !== name) tally.signedOut += 1;
      });
      await forEach(users, (user) => load(user, false));
      expect(tally).toMatchObject({ requests: JARS * REQUESTS * 2, signedOut: 0 });
      expect(await countSessions()).toEqual(new Set([1]));
    },
    TIMEOUT,
  );
});
