import { randomBytes } from 'node:crypto';
import type { Denylist, SessionRecord, SessionStore } from '@sess/core/store';
import { redisDenylist, redisStore } from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createAuth, createRecord, createWrite } from '../../../test/kit.js';
import { type OpenClient, openIoredis } from './clients.js';

/*
 * The work on one subject is bounded, whatever the subject did before. The server's time per call of every operation is
 * measured after 10, 1,000 and 10,000 earlier operations of one subject, all within a minute.
 */

const COUNTS = [10, 1_000, 10_000] as const;
const CALLS = 20;
const BATCHES = 4;
const CONCURRENCY = 50;
const LIFE = 3_600_000;
/** A machine that is busy stops a script for a while now and then; such a time is no growth. */
const NOISE_US = 60;

const LIMIT = { max: 100, onLimit: 'evict-oldest' } as const;
const MANY = { max: 20_000, onLimit: 'evict-oldest' } as const;

type Work = () => Promise<unknown>;

describe('the work on one subject', () => {
  let server: RedisServer;
  let opened: OpenClient;
  let subjects = 0;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    opened = await openIoredis(server.url);
  });
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
  });

  /** Returns the server's microseconds for one call, the least of some batches. */
  async function costOf(work: Work): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await server.command('CONFIG', 'RESETSTAT');
      for (let n = 0; n < CALLS; n += 1) await work();
      const stats = String(await server.command('INFO', 'commandstats'));
      let sum = 0;
      for (const [, name = '', usec] of stats.matchAll(
        /cmdstat_([a-z_|]+):calls=\d+,usec=(\d+)/g,
      )) {
        // Commands inside a script are part of its time.
        if (/^(?:evalsha|evalsha_ro|hmget)$/.test(name)) sum += Number(usec);
      }
      least = Math.min(least, sum / CALLS);
    }
    return least;
  }

  async function repeat(times: number, work: Work): Promise<void> {
    let left = times;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await work();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  }

  /** Runs `history` up to each count, and measures every operation there. */
  async function measure(history: Work, operations: Readonly<Record<string, Work>>) {
    const table: Record<string, number[]> = {};
    let done = 0;
    for (const count of COUNTS) {
      await repeat(count - done, history);
      done = count;
      for (const [name, work] of Object.entries(operations)) {
        const row = table[name] ?? [];
        row.push(Math.round(await costOf(work)));
        table[name] = row;
      }
    }
    return table;
  }

  function report(title: string, table: Readonly<Record<string, readonly number[]>>): void {
    const rows = Object.entries(table).map(
      ([name, row]) =>
        `  ${name.padEnd(34)}${row.map((usec) => String(usec).padStart(8)).join('')}`,
    );
    console.info(`${title}, us a call after ${COUNTS.join(', ')}:\n${rows.join('\n')}`);
  }

  function sessionOperations(
    store: SessionStore,
    subject: string,
    limit: typeof LIMIT | typeof MANY,
  ) {
    const now = (): number => Date.now();
    const write = () => createWrite(now() + 10_000);
    const fresh = (): SessionRecord => createRecord({ now: now(), subject });
    const insert = async (given: typeof LIMIT | typeof MANY = limit): Promise<SessionRecord> => {
      const record = fresh();
      await store.insert(record, given, write());
      return record;
    };
    const tag = fresh().sid.slice(0, 16);
    let kept: SessionRecord;
    const remember = async (): Promise<void> => {
      kept = await insert();
    };
    const operations: Record<string, Work> = {
      'sign-in': () => insert(),
      'sign-in and sign-out': async () => store.remove((await insert()).sid, write()),
      'sign-in that replaces a session': async () => {
        const old = await insert();
        await store.insert(fresh(), limit, { ...write(), replaces: old.sid });
      },
      'sign-in repeated': async () => {
        const [record, context] = [fresh(), write()];
        await store.insert(record, limit, context);
        await store.insert(record, limit, context);
      },
      load: async () => store.load((await latest()).sid),
      verify: async () => store.loadRecord?.((await latest()).sid),
      refresh: async () => {
        const { record } = await store.load((await latest()).sid);
        if (record === undefined) throw new Error('the session is gone');
        await store.replaceAuth(record.sid, record.authVersion, createAuth(now()), write());
      },
      update: async () => {
        const { record } = await store.load((await latest()).sid);
        if (record === undefined) throw new Error('the session is gone');
        await store.replaceData(record.sid, record.dataVersion, record.data, write());
      },
      'sign-out of an absent session': () => store.remove(fresh().sid, write()),
    };
    async function latest(): Promise<SessionRecord> {
      const found = kept && (await store.load(kept.sid)).record;
      if (found === undefined) await remember();
      return kept;
    }
    return {
      tag,
      insert,
      latest,
      operations,
      logoutOthers: async () => store.removeAll(tag, (await latest()).sid, write()),
      logoutAll: async () => store.removeAll(tag, undefined, write()),
    };
  }

  async function openStore(): Promise<SessionStore> {
    subjects += 1;
    const store = redisStore(opened.client, { keyPrefix: `bounded-${subjects}:`, timeout: '10s' });
    return store;
  }

  const HISTORIES: Readonly<
    Record<string, (given: ReturnType<typeof sessionOperations>, store: SessionStore) => Work>
  > = {
    'logout-others': ({ logoutOthers }) => logoutOthers,
    'logout-all': ({ logoutAll }) => logoutAll,
    'sign-in and sign-out': ({ operations }) => operations['sign-in and sign-out'] as Work,
    'sign-ins at the limit':
      ({ insert }) =>
      () =>
        insert(),
    refreshes: ({ operations }) => operations['refresh'] as Work,
  };

  it.each(Object.entries(HISTORIES))(
    'costs the server at most three times its first cost after 10,000 of: %s',
    async (name, createHistory) => {
      const store = await openStore();
      const given = sessionOperations(store, `user ${subjects}`, LIMIT);
      const table = await measure(createHistory(given, store), {
        ...given.operations,
        list: () => store.list(given.tag),
        'logout-others': given.logoutOthers,
        'logout-all': given.logoutAll,
      });
      report(`after ${name}`, table);
      for (const [operation, [first = 0, ...later]] of Object.entries(table)) {
        // The first list has ten sessions at most, the later ones have a hundred: it is measured for each of them.
        if (operation === 'list') continue;
        for (const usec of later) {
          expect(usec, `${operation} after ${name}`).toBeLessThanOrEqual(3 * first + NOISE_US);
        }
      }
    },
    120_000,
  );

  it('takes no script above 2 ms for 10,000 sessions of one subject, but for their list', async () => {
    const store = await openStore();
    const given = sessionOperations(store, `user ${subjects}`, MANY);
    const full = { max: 10_000, onLimit: 'evict-oldest' } as const;
    const table = await measure(() => given.insert(), {
      ...given.operations,
      'sign-in at a limit of 10,000': () => given.insert(full as unknown as typeof LIMIT),
    });
    report('with so many sessions', table);
    for (const [operation, row] of Object.entries(table)) {
      expect(Math.max(...row), operation).toBeLessThan(2_000);
    }
    const { records } = await store.list(given.tag);
    expect(records.length).toBeGreaterThanOrEqual(10_000);
    // The best of three: one measurement may be interrupted by other programs.
    const times: number[] = [];
    while (times.length < 3 && !times.some((usec) => usec < 2_000)) {
      if (times.length > 0) await repeat(10_000, () => given.insert());
      await server.command('CONFIG', 'RESETSTAT');
      expect(await given.logoutAll()).toMatchObject({ status: 'removed' });
      const stats = String(await server.command('INFO', 'commandstats'));
      times.push(Number(/cmdstat_evalsha:calls=1,usec=(\d+)/.exec(stats)?.[1]));
    }
    console.info(`  logout-all of ${records.length} sessions: ${times.join(', ')} us`);
    expect(Math.min(...times)).toBeLessThan(2_000);
  }, 120_000);

  it('the hash of a subject keeps a bounded size, although calls are repeated', async () => {
    const store = await openStore();
    const given = sessionOperations(store, `user ${subjects}`, LIMIT);
    const key = `bounded-${subjects}:${given.tag}`;
    await repeat(3_000, given.operations['sign-in and sign-out'] as Work);
    await repeat(1_000, given.logoutOthers);
    await repeat(1_000, () => given.insert());
    const fields = Number(await server.command('HLEN', key));
    expect(fields).toBeLessThanOrEqual(LIMIT.max + 6);
    expect(Number(await server.command('MEMORY', 'USAGE', key, 'SAMPLES', 0))).toBeLessThan(
      200_000,
    );
  }, 60_000);

  it('costs a denylist at most three times its first cost after 10,000 denials of one subject', async () => {
    const denylist: Denylist = redisDenylist(opened.client, {
      keyPrefix: `bounded-deny-${++subjects}:`,
      timeout: '10s',
    });
    const { sid } = createRecord({ now: Date.now(), subject: `user ${subjects}` });
    const tag = sid.slice(0, 16);
    const name = (): string => randomBytes(12).toString('base64url');
    const issue = async () => ({
      sid,
      jti: name(),
      version: await denylist.currentVersion(tag, LIFE),
    });
    const deny = () => denylist.deny(tag, [{ kind: 'token', id: name() }], LIFE);
    const table = await measure(deny, {
      issue,
      'is denied': async () => denylist.isDenied(await issue(), Date.now()),
      deny,
      supersede: async () =>
        denylist.supersede(await issue(), { at: Date.now(), successor: name(), ttlMs: LIFE }),
      'deny all others': () =>
        denylist.denyAll(tag, { except: sid, operation: name(), ttlMs: LIFE }),
    });
    report('after denials', table);
    for (const [operation, [first = 0, ...later]] of Object.entries(table)) {
      for (const usec of later) {
        expect(usec, operation).toBeLessThanOrEqual(3 * first + NOISE_US);
      }
    }
  }, 120_000);
});
