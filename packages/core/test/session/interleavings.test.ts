import { createSessions, memoryStore, type RefreshResult } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/fuzzing.js';

const OPERATIONS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'removeAll',
  'list',
] as const;

/** A store whose requests and replies are delivered in whatever order the scheduler picks. */
function schedule(inner: SessionStore, scheduler: fc.Scheduler): SessionStore {
  const scheduled: Record<string, unknown> = {};
  for (const operation of OPERATIONS) {
    const call = inner[operation] as (...parameters: readonly unknown[]) => Promise<unknown>;
    scheduled[operation] = async (...parameters: readonly unknown[]) => {
      await scheduler.schedule(Promise.resolve(), `${operation} →`);
      const answer = await call(...parameters);
      await scheduler.schedule(Promise.resolve(), `${operation} ←`);
      return answer;
    };
  }
  return { ...inner, ...(scheduled as unknown as SessionStore), getCached: () => undefined };
}

/** A session that exists already, and two engines that reach it through the scheduler. */
async function arrange(scheduler: fc.Scheduler) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  const direct = createSessions({ store, clock, logger: silentLogger });
  const issued = await direct.create({ subject: 'ada' });
  const scheduled = schedule(store, scheduler);
  const engines = [
    createSessions({ store: scheduled, clock, logger: silentLogger }),
    createSessions({ store: scheduled, clock, logger: silentLogger }),
  ] as const;
  const reuses: unknown[] = [];
  for (const engine of engines) engine.on('reuse', (event) => void reuses.push(event));
  return { clock, store, direct, issued, sid: issued.session.sid, engines, reuses };
}

const RUNS = runs(400);

/** Which callers there are, each on one of the two engines. */
const callers = fc.array(
  fc.record({
    engine: fc.constantFrom(0 as const, 1 as const),
    act: fc.constantFrom('refresh', 'refresh', 'update', 'verify', 'revoke', 'elevate', 'login'),
  }),
  { minLength: 2, maxLength: 9 },
);

describe('every order of store operations', () => {
  it('gives concurrent refreshes of one token one successor, and one live token a generation [rotation.parallel]', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (scheduler, count) => {
        const { direct, issued, engines, reuses } = await arrange(scheduler);
        const calls = Array.from({ length: count }, (_, n) =>
          engines[n % 2 === 0 ? 0 : 1].refresh(issued.refreshToken),
        );
        const results = (await scheduler.waitFor(Promise.all(calls))) as RefreshResult[];
        const successors = new Set(
          results.map((result) => (result.ok ? result.refreshToken : result.reason)),
        );
        expect(successors.size).toBe(1);
        expect(results.every((result) => result.ok)).toBe(true);
        for (const result of results) {
          if (result.ok)
            expect(await direct.verify(result.accessToken)).toMatchObject({ ok: true });
        }
        expect(reuses).toEqual([]);
      }),
      RUNS,
    );
  });

  it('holds every invariant when refreshing, updating, verifying, elevating, revoking and signing in race [rotation.logout]', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callers, async (scheduler, planned) => {
        const { direct, issued, sid, engines, reuses } = await arrange(scheduler);
        const patches: string[] = [];
        const fresh: string[] = [];
        const successors = new Set<string>();
        let isRevoked = false;

        const acts = {
          async refresh(engine: (typeof engines)[0]) {
            const wasRevoked = isRevoked;
            const result = await engine.refresh(issued.refreshToken);
            if (result.ok) successors.add(result.refreshToken);
            // Whatever begins after a confirmed revocation is refused.
            if (wasRevoked) expect(result.ok).toBe(false);
          },
          async update(engine: (typeof engines)[0], n: number) {
            const wasRevoked = isRevoked;
            const session = await engine.update(sid, { [`key${n}`]: n });
            if (session !== undefined) patches.push(`key${n}`);
            if (wasRevoked) expect(session).toBeUndefined();
          },
          async verify(engine: (typeof engines)[0]) {
            const wasRevoked = isRevoked;
            const result = await engine.verify(issued.accessToken);
            if (wasRevoked) expect(result.ok).toBe(false);
          },
          async revoke(engine: (typeof engines)[0]) {
            await engine.revoke(sid);
            isRevoked = true;
          },
          async elevate(engine: (typeof engines)[0]) {
            const elevated = await engine.elevate(sid);
            if (elevated !== undefined) fresh.push(elevated.refreshToken);
          },
          async login(engine: (typeof engines)[0]) {
            await engine.create({ subject: 'ada' });
          },
        };

        const calls = planned.map(({ engine, act }, n) =>
          acts[act as keyof typeof acts](engines[engine], n),
        );
        await scheduler.waitFor(Promise.all(calls));
        await scheduler.waitIdle();

        const logins = planned.filter(({ act }) => act === 'login').length;
        expect(await direct.list('ada')).toHaveLength(logins + (isRevoked ? 0 : 1));
        expect(reuses).toEqual([]);
        // At most one successor of the first token, however many asked.
        expect(successors.size).toBeLessThanOrEqual(1);
        const session = await direct.get(sid);
        expect(session === undefined).toBe(isRevoked);
        if (session !== undefined) {
          // No patch that was confirmed is lost.
          expect(Object.keys(session.data).sort()).toEqual(patches.sort());
        }
        // Of all refresh tokens that were handed out, at most one family still rotates.
        const working = [];
        for (const token of [...fresh, ...successors])
          if ((await direct.refresh(token)).ok) working.push(token);
        expect(working.length).toBe(isRevoked ? 0 : Math.min(1, fresh.length + successors.size));
        if (isRevoked) expect(await direct.verify(issued.accessToken)).toMatchObject({ ok: false });
      }),
      RUNS,
    );
  });

  it('never lets a sign-in slip through a revoke-all that it came before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), async (scheduler, count) => {
        const { direct, engines } = await arrange(scheduler);
        const confirmed: string[] = [];
        let confirmedBefore: readonly string[] = [];
        const logins = Array.from({ length: count }, async (_, n) => {
          const login = await engines[n % 2 === 0 ? 0 : 1].create({ subject: 'ada' });
          confirmed.push(login.accessToken);
        });
        const revokeAll = (async () => {
          await scheduler.schedule(Promise.resolve(), 'revoke-all begins');
          confirmedBefore = [...confirmed];
          await engines[0].revokeAll('ada');
        })();
        await scheduler.waitFor(Promise.all([...logins, revokeAll]));
        for (const token of confirmedBefore)
          expect(await direct.verify(token)).toMatchObject({ ok: false });
        // What is left are whole sessions, each in the list.
        const live = [];
        for (const token of confirmed) if ((await direct.verify(token)).ok) live.push(token);
        expect(await direct.list('ada')).toHaveLength(live.length);
      }),
      RUNS,
    );
  });
});
