import type { Issued } from '@sess/core';
import { until } from '@sess/test-servers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { attempt, createEngine, useRedis, useServer } from './arrange.js';

const USERS = 20;

describe('a server that is killed in the middle of requests and started again', () => {
  test('calls to a killed server fail within their timeout, then recover, and report no theft [store.fault, rotation.failover]', async () => {
    // What it acknowledged it has on disk, so that every session has to be there again.
    const server = await useServer(onTestFinished, {
      appendonly: 'yes',
      appendfsync: 'always',
    });
    const { sessions, heard } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();

    const tally = { answered: 0, failed: 0, inFlight: 0, slowest: 0 };
    const refreshesAfter = new Map<string, number>();
    const wrong: unknown[] = [];
    let isBack = false;
    let isOver = false;

    async function call<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
      tally.inFlight += 1;
      const outcome = await attempt(work);
      tally.inFlight -= 1;
      tally[outcome.answered ? 'answered' : 'failed'] += 1;
      tally.slowest = Math.max(tally.slowest, outcome.took);
      return outcome.answered ? outcome.value : undefined;
    }

    /** An honest client: it keeps what it has until it is given something newer. */
    async function use(subject: string, first: Issued): Promise<void> {
      let { accessToken, refreshToken } = first;
      while (!isOver) {
        const verified = await call(async () => sessions.verify(accessToken));
        if (verified?.ok === false || (verified?.ok && verified.session.subject !== subject))
          wrong.push(verified);
        const refreshed = await call(() => sessions.refresh(refreshToken));
        if (refreshed?.ok) {
          ({ accessToken, refreshToken } = refreshed);
          if (isBack) refreshesAfter.set(subject, (refreshesAfter.get(subject) ?? 0) + 1);
        } else if (refreshed !== undefined) wrong.push(refreshed);
        await call(() => sessions.update(first.session.sid, { count: tally.answered }));
      }
    }

    const subjects = Array.from({ length: USERS }, (_, n) => `user-${n}`);
    const signedIn = await Promise.all(subjects.map((subject) => sessions.create({ subject })));
    const users = Promise.all(signedIn.map((issued, n) => use(subjects[n] ?? '', issued))).catch(
      (error: unknown) => void wrong.push(error),
    );

    await until(() => tally.answered > 200 && tally.inFlight > 0, { what: 'load', everyMs: 1 });
    await server.kill();
    await until(() => tally.failed > 2 * USERS, { what: 'failures' });
    await server.restart();
    isBack = true;
    await until(() => subjects.every((subject) => (refreshesAfter.get(subject) ?? 0) >= 3), {
      what: 'everyone to be served again',
    });
    isOver = true;
    await users;

    expect(wrong).toEqual([]);
    // Two round trips a refresh, each with a deadline of a second.
    expect(tally.slowest).toBeLessThan(2_500);
    expect(heard).not.toContain('reuse');
    expect(heard.filter((name) => name.startsWith('revoked'))).toEqual([]);
  }, 30_000);
});
