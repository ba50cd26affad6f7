import { StoreUnavailableError } from '@sess/core';
import type { RedisServer } from '@sess/test-servers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accepted, attempt, createEngine, useRedis, useServer } from './arrange.js';

describe('SCRIPT FLUSH', () => {
  test('between every call is not noticed [store.scripts]', async () => {
    const server = await useServer(onTestFinished);
    const { sessions, errors } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    async function flushed<Value>(work: () => Promise<Value>): Promise<Value> {
      await server.command('SCRIPT', 'FLUSH');
      return work();
    }

    const first = await flushed(() => sessions.create({ subject: 'ada' }));
    const { sid } = first.session;
    expect(await flushed(async () => sessions.verify(first.accessToken))).toMatchObject({
      ok: true,
    });
    const second = accepted(await flushed(() => sessions.refresh(first.refreshToken)));
    // The one before: the same again.
    const again = accepted(await flushed(() => sessions.refresh(first.refreshToken)));
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(await flushed(() => sessions.update(sid, { a: 1 }))).toMatchObject({ data: { a: 1 } });
    const elevated = await flushed(() => sessions.elevate(sid));
    expect(await flushed(async () => sessions.verify(elevated?.accessToken))).toMatchObject({
      ok: true,
    });
    expect(await flushed(() => sessions.get(sid))).toMatchObject({ sid });
    expect(await flushed(() => sessions.list('ada'))).toHaveLength(1);
    expect(await flushed(() => sessions.revoke(sid))).toBe(true);
    await flushed(() => sessions.create({ subject: 'ada' }));
    expect(await flushed(() => sessions.revokeAll('ada'))).toBe(1);
    expect(errors()).toBe(0);
  });

  test('SCRIPT FLUSH between the two commands of many concurrent calls is not noticed either', async () => {
    const server = await useServer(onTestFinished);
    const { sessions, errors } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    let isOver = false;
    const flushing = (async () => {
      while (!isOver) await server.command('SCRIPT', 'FLUSH');
    })();
    const users = Array.from({ length: 30 }, async (_, n) => {
      let { accessToken, refreshToken } = await sessions.create({ subject: `user-${n}` });
      for (let round = 0; round < 10; round += 1) {
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
        ({ accessToken, refreshToken } = accepted(await sessions.refresh(refreshToken)));
      }
      expect(await sessions.revokeAll(`user-${n}`)).toBe(1);
    });
    const outcomes = await Promise.allSettled(users);
    isOver = true;
    await flushing;
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(errors()).toBe(0);
  });
});

async function usedMemory(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'memory'));
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

describe('a server that forgets', () => {
  test('under allkeys-lru makes sessions unknown: no crash, no theft [store.forgets]', async () => {
    const server = await useServer(onTestFinished, { 'maxmemory-policy': 'allkeys-lru' });
    const { sessions, heard } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    await server.command('CONFIG', 'SET', 'maxmemory', (await usedMemory(server)) + 1_000_000);

    const issued = [];
    for (let n = 0; n < 2_000; n += 100) {
      const some = Array.from({ length: 100 }, (_, k) => sessions.create({ subject: `u${n + k}` }));
      issued.push(...(await Promise.all(some)));
    }
    const seen = { ok: 0, unknown: 0, other: 0, failed: 0 };
    const count = (outcome: { ok: true } | { ok: false; reason: string }): void => {
      if (outcome.ok) seen.ok += 1;
      else if (outcome.reason === 'unknown') seen.unknown += 1;
      else seen.other += 1;
    };
    for (const { accessToken, refreshToken } of issued) {
      for (const call of [
        async () => sessions.verify(accessToken),
        () => sessions.refresh(refreshToken),
      ]) {
        const outcome = await attempt<{ ok: true } | { ok: false; reason: string }>(call);
        if (outcome.answered) count(outcome.value);
        else seen.failed += 1;
      }
    }
    expect(seen.ok).toBeGreaterThan(100);
    expect(seen.unknown).toBeGreaterThan(100);
    expect([seen.other, seen.failed]).toEqual([0, 0]);
    expect(heard).not.toContain('reuse');
  }, 20_000);

  test('and refuses writes, under noeviction, is an error: reads, logouts and revocations go on', async () => {
    const server = await useServer(onTestFinished, { 'maxmemory-policy': 'noeviction' });
    const { sessions, heard } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    const first = await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'ada' });
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
    await expect(sessions.refresh(first.refreshToken)).rejects.toThrow(StoreUnavailableError);
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.list('ada')).toHaveLength(2);
    expect(await sessions.revoke(first.session.sid)).toBe(true);
    expect(await sessions.revokeAll('ada')).toBe(1);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await sessions.create({ subject: 'ada' });
    expect(heard).not.toContain('reuse');
  });

  test('everything makes every token unknown, and new sign-ins work [store.forgets]', async () => {
    const server = await useServer(onTestFinished);
    const { sessions, heard, errors } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    const old = await sessions.create({ subject: 'ada' });
    const newest = accepted(await sessions.refresh(old.refreshToken));
    await server.command('FLUSHALL');
    const unknown = { ok: false, reason: 'unknown' };
    expect(await sessions.verify(newest.accessToken)).toEqual(unknown);
    for (const { refreshToken } of [old, newest]) {
      expect(await sessions.refresh(refreshToken)).toEqual(unknown);
    }
    expect(await sessions.update(old.session.sid, { a: 1 })).toBeUndefined();
    expect(await sessions.elevate(old.session.sid)).toBeUndefined();
    expect(await sessions.revoke(old.session.sid)).toBe(false);
    expect(await sessions.list('ada')).toEqual([]);
    expect(await sessions.revokeAll('ada')).toBe(0);
    const fresh = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(fresh.accessToken)).toMatchObject({ ok: true });
    expect(heard).not.toContain('reuse');
    expect(errors()).toBe(0);
  });
});
