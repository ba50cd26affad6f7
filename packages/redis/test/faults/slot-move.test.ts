import type { Issued } from '@sess/core';
import { failFastCluster } from '@sess/redis';
import {
  type RedisCluster,
  requireServer,
  type SlotMove,
  startRedisCluster,
  until,
} from '@sess/test-servers';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { accepted, attempt, createEngine, placeOf } from './arrange.js';

const USERS = 18;

describe('a Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
  }, 60_000);
  afterAll(() => cluster?.stop());

  function connect(): Cluster {
    const client = new Cluster([...cluster.endpoints], failFastCluster);
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    return client;
  }

  test('whose slots move under load serves everybody throughout [store.slots]', async () => {
    const { sessions, heard } = createEngine(connect());
    await until(() => sessions.ready().then(() => true), { what: 'the client' });
    const users = Array.from({ length: USERS }, (_, n) => `user-${n}`);
    const newcomers = ['newcomer-1', 'newcomer-2'];
    const tokens = new Map<string, Issued>();
    for (const subject of users) tokens.set(subject, await sessions.create({ subject }));

    const tally = { answered: 0, failed: 0 };
    const wrong: unknown[] = [];
    let isOver = false;
    async function call<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
      // Anything but a StoreUnavailableError is thrown, and fails the test.
      const outcome = await attempt(work);
      tally[outcome.answered ? 'answered' : 'failed'] += 1;
      return outcome.answered ? outcome.value : undefined;
    }
    async function use(subject: string): Promise<void> {
      while (!isOver) {
        const current = tokens.get(subject);
        if (current === undefined) return;
        const verified = await call(async () => sessions.verify(current.accessToken));
        if (verified?.ok === false || (verified?.ok && verified.session.subject !== subject))
          wrong.push(verified);
        const next = await call(() => sessions.refresh(current.refreshToken));
        if (next?.ok) tokens.set(subject, next);
        else if (next !== undefined) wrong.push(next);
        const second = await call(() => sessions.create({ subject }));
        if (second !== undefined) await call(() => sessions.revoke(second.session.sid));
        await call(() => sessions.list(subject));
      }
    }
    const load = Promise.all(users.map(use)).catch((error: unknown) => void wrong.push(error));
    const passed = async (more: number): Promise<void> => {
      const goal = tally.answered + more;
      await until(() => tally.answered >= goal, { what: 'load' });
    };

    await passed(300);
    const masters = await cluster.masters();
    const moves: SlotMove[] = [];
    for (const subject of [...users, ...newcomers]) {
      const slot = await cluster.slotOf(placeOf(subject).key);
      const from = await cluster.masterOfSlot(slot);
      const to = masters.find((node) => node !== from);
      if (to === undefined) throw new Error('only one master');
      moves.push(await cluster.moveSlot({ slot, from, to }));
    }
    // Held: the keys are still with the old owner, which answers for them.
    await passed(300);
    // Held mid-way: half of the keys are with the new owner, who is reached by being sent there.
    let moved = 0;
    for (const move of moves.slice(0, USERS / 2)) moved += await move.migrateKeys();
    expect(moved).toBe(USERS / 2);
    await passed(300);
    // Who signs in for the first time has no key yet, and begins with the new owner.
    for (const subject of newcomers) tokens.set(subject, await sessions.create({ subject }));
    for (const move of moves) await move.finish();
    await passed(300);
    isOver = true;
    await load;
    await cluster.settled();

    expect(wrong).toEqual([]);
    for (const [subject, { accessToken, refreshToken }] of tokens) {
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true, session: { subject } });
      accepted(await sessions.refresh(refreshToken));
      expect(await sessions.list(subject)).not.toEqual([]);
    }
    expect(heard).not.toContain('reuse');
    expect(heard.filter((name) => name === 'revoked:lost-writes')).toEqual([]);
  }, 60_000);

  test('that is dead when the application starts is waited for [store.start]', async () => {
    await Promise.all(cluster.nodes.map(({ server }) => server.kill()));
    const { sessions } = createEngine(connect());
    const outcome = await attempt(() => sessions.create({ subject: 'ada' }));
    expect(outcome.answered).toBe(false);
    expect(outcome.took).toBeLessThan(1_500);
    await Promise.all(cluster.nodes.map(({ server }) => server.restart()));
    await cluster.settled();
    await until(() => sessions.create({ subject: 'ada' }), { what: 'the first sign-in' });
  }, 60_000);
});
