import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSessions, memoryStore } from '@sess/core';
import { createFakeClock, createMemoryLogger, silentLogger } from '@sess/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { createRecord } from '../../../../test/kit.js';

/** For what takes a whole engine. */
const SOME = Math.max(8_000, scaled(50_000));
/** MiB: a record of 400 bytes more for each session would pass it. */
const SOME_BOUND = Math.min(8, (400 * SOME) / 1_048_576);
/** A million at full scale. */
const MANY = Math.max(50_000, scaled(1_000_000));
/** MiB: less than a key a session leaves behind where there are few, and what a collection varies by. */
const BOUND = Math.min(8, (60 * MANY) / 1_048_576);

const LIMIT = { max: 100, onLimit: 'evict-oldest' } as const;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Runs `work` between two collections, and answers by how many MiB the heap has grown. */
async function measureHeap(work: () => Promise<void>): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await work();
  collectGarbage();
  return (process.memoryUsage().heapUsed - before) / 1_048_576;
}

describe('the memory store', () => {
  it(`stays bounded: ${MANY} short sessions leave the heap where it was`, async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const template = createRecord({ now: clock.now() });
    const insertMany = async (count: number, from: number) => {
      for (let n = from; n < from + count; n += 1) {
        const now = clock.now();
        // Each of a subject of its own, as sign-ins of different people are.
        const sid = n.toString(36).padStart(16, '0') + template.sid.slice(16);
        const auth = { ...template.auth, expiresAt: now + 10_000, absoluteExpiresAt: now + 10_000 };
        const write = { notAfter: now, operation: sid };
        const answer = await store.insert({ ...template, sid, createdAt: now, auth }, LIMIT, write);
        if (answer.status !== 'inserted') throw new Error(answer.status);
        if (n % 100 === 0) clock.advance('1s');
      }
    };
    await insertMany(20_000, 0);
    const grown = await measureHeap(() => insertMany(MANY, 20_000));
    process.stdout.write(`memory store: ${grown.toFixed(1)} MiB more after ${MANY} sessions\n`);
    expect(grown).toBeLessThan(BOUND);
  }, 120_000);

  it('stays bounded under an engine whose users come and go', async () => {
    const clock = createFakeClock();
    const options = { clock, logger: silentLogger, store: memoryStore({ clock }) };
    const sessions = createSessions({ ...options, accessTtl: '5s', idleTtl: '10s' });
    const createMany = async (count: number, from: number) => {
      for (let n = from; n < from + count; n += 1) {
        await sessions.create({ subject: `user-${n}` });
        if (n % 100 === 0) clock.advance('1s');
      }
    };
    await createMany(10_000, 0);
    expect(await measureHeap(() => createMany(SOME, 10_000))).toBeLessThan(SOME_BOUND);
  }, 60_000);

  it('forgets what it removed after a while', async () => {
    const clock = createFakeClock();
    const sessions = createSessions({ clock, logger: silentLogger, store: memoryStore({ clock }) });
    const comeAndGo = async (count: number, from: number) => {
      for (let n = from; n < from + count; n += 1) {
        const { session } = await sessions.create({ subject: `user-${n}` });
        if (n % 2 === 0) await sessions.revoke(session.sid);
        else await sessions.revokeAll(`user-${n}`);
        if (n % 100 === 0) clock.advance('5s');
      }
    };
    await comeAndGo(5_000, 0);
    const many = Math.max(15_000, scaled(30_000));
    expect(await measureHeap(() => comeAndGo(many, 5_000))).toBeLessThan(8);
  }, 60_000);

  describe('in production', () => {
    afterEach(() => vi.unstubAllEnvs());

    it('memoryStore logs once in production that it is not meant for it', () => {
      vi.stubEnv('NODE_ENV', 'production');
      const logger = createMemoryLogger();
      const store = memoryStore();
      createSessions({ logger, store });
      createSessions({ logger, store });
      expect(logger.lines).toHaveLength(1);
      expect(logger.lines[0]).toMatchObject({
        level: 'warn',
        message: expect.stringContaining('redisStore()'),
      });
    });

    it('memoryStore logs nothing outside production', () => {
      vi.stubEnv('NODE_ENV', 'development');
      const logger = createMemoryLogger();
      createSessions({ logger });
      expect(logger.lines).toEqual([]);
    });
  });
});
