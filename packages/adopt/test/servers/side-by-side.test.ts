import { createRequire } from 'node:module';
import { createSessions, type Sessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { postgresStore } from '@sess/sql/postgres';
import { requireServer, startPostgres, startRedisServer } from '@sess/test-servers';
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
import { ask, createJar, type Jar } from '../jar.js';

/** Browsers with a live session: a thousand at full scale, each of which sends 40 requests. */
const JARS = scaled(1_000) < 1_000 ? 20 : scaled(1_000);
/** Requests of a browser that are sent at the same time. */
const PARALLEL = 20;
/** A busy machine is no failure here. */
const PATIENT = { timeout: '20s' } as const;

/** Their types declare `req.session`, as those of `@sess/express` do, so they are loaded without them. */
const load = createRequire(import.meta.url);
const { RedisStore } = load('connect-redis') as {
  readonly RedisStore: new (options: object) => OldStore;
};
const createPgStore = load('connect-pg-simple') as (
  session: object,
) => new (
  options: object,
) => OldStore;

interface Stores {
  readonly sessions: Sessions;
  readonly oldStore: OldStore;
  /** Returns how many sessions the old store has. */
  countOld(): Promise<number>;
}

async function onRedis(): Promise<Stores> {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  const client = createClient({ url: server.url });
  await client.connect();
  const redis = new Redis(server.url);
  onTestFinished(async () => {
    redis.disconnect();
    client.destroy();
    await server.stop();
  });
  return {
    sessions: createSessions({ logger: silentLogger, store: redisStore(redis, PATIENT) }),
    oldStore: new RedisStore({ client, prefix: 'old:' }),
    countOld: async () => (await client.keys('old:*')).length,
  };
}

async function onPostgres(): Promise<Stores> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url });
  onTestFinished(async () => {
    await pool.end();
    await server.stop();
  });
  const store = postgresStore(pool, PATIENT);
  await store.migrate();
  const PgStore = createPgStore(expressSessionOf());
  const oldStore = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
  return {
    sessions: createSessions({ logger: silentLogger, store }),
    oldStore,
    countOld: async () => (await pool.query('SELECT sid FROM session')).rows.length,
  };
}

/** Runs work for all, a few at a time. */
async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>) {
  for (let start = 0; start < items.length; start += 5) {
    await Promise.all(items.slice(start, start + 5).map(work));
  }
}

describe.each([
  ['connect-redis, to Redis', onRedis],
  ['connect-pg-simple, to PostgreSQL', onPostgres],
])(`${JARS} browsers with live sessions of %s`, (_name, open) => {
  async function arrange(endOld: 'when-seen' | 'never') {
    const stores = await open();
    const { sessions, oldStore } = stores;
    await sessions.ready();
    const adopt = adoptOld(sessions, oldStore, { endOld });
    const newApplication = () =>
      listen(createNewApplication(sessions, { transport: 'cookie', adopt }));
    const oldUrl = await listen(createOldApplication(oldStore));
    // Two servers of the new application, between which a proxy may choose.
    const newUrls = [await newApplication(), await newApplication()];
    const users = Array.from({ length: JARS }, (_, index) => ({
      name: `user-${index}`,
      jar: createJar(),
    }));
    await forEach(users, async ({ name, jar }) => {
      await ask(jar, `${oldUrl}/login/${name}`);
    });
    /** Asks who is signed in, `PARALLEL` times at the same time; every third response is lost. */
    const askNew = async (jar: Jar): Promise<unknown[]> => {
      const answers = Array.from({ length: PARALLEL }, (_, index) =>
        ask(jar, `${newUrls[index % 2]}/me`, { isLost: index % 3 === 0 }),
      );
      return (await Promise.all(answers)).map(({ body }) => (body as { user: unknown }).user);
    };
    return { ...stores, users, oldUrl, askNew };
  }

  it('all move with one session each, and end in the old store', async () => {
    const { sessions, countOld, users, askNew } = await arrange('when-seen');
    expect(await countOld()).toBe(JARS);
    await forEach(users, async ({ name, jar }) => {
      const asOne = Array(PARALLEL).fill(name);
      expect(await askNew(jar)).toEqual(asOne);
      expect(await askNew(jar)).toEqual(asOne);
      expect(await sessions.list(name)).toHaveLength(1);
    });
    expect(await countOld()).toBe(0);
  }, 600_000);

  it('all go back and forth while old sessions are never ended', async () => {
    const { sessions, countOld, users, oldUrl, askNew } = await arrange('never');
    await forEach(users, async ({ name, jar }) => {
      const asOne = Array(PARALLEL).fill(name);
      expect(await askNew(jar)).toEqual(asOne);
      expect((await ask(jar, `${oldUrl}/me`)).body).toEqual({ user: name });
      expect(await askNew(jar)).toEqual(asOne);
      expect(await sessions.list(name)).toHaveLength(1);
    });
    expect(await countOld()).toBe(JARS);
  }, 600_000);
});
