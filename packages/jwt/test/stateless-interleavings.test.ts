import type { RegisteredData } from '@sess/core';
import type { Denylist } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../test/fuzzing.js';
import { createStatelessSessions, memoryDenylist } from '../src/index.js';
import type { StatelessSessions } from '../src/stateless/stateless-sessions.js';
import { claimsOf, good, NAMES, SECRET } from './engines.js';

/** A denylist whose requests and answers arrive in whatever order the scheduler picks; some are lost. */
function schedule(inner: Denylist, scheduler: fc.Scheduler, faults: boolean[]): Denylist {
  const scheduled: Record<string, unknown> = {};
  for (const operation of ['currentVersion', 'isDenied', 'deny', 'denyAll', 'supersede'] as const) {
    const call = inner[operation] as (...parameters: readonly unknown[]) => Promise<unknown>;
    scheduled[operation] = async (...parameters: readonly unknown[]) => {
      const isLost = faults.shift() === true;
      await scheduler.schedule(Promise.resolve(), `${operation} →`);
      const answer = await call(...parameters);
      await scheduler.schedule(Promise.resolve(), `${operation} ←`);
      if (isLost) throw new Error('the answer was lost');
      return answer;
    };
  }
  return { ...inner, ...(scheduled as unknown as Denylist), isKnownValid: () => false };
}

const ACTS = [
  'refresh',
  'refresh',
  'elevate',
  'revoke',
  'logout',
  'revoke all',
  'revoke others',
] as const;
const callers = fc.array(
  fc.record({ engine: fc.constantFrom(0 as const, 1 as const), act: fc.constantFrom(...ACTS) }),
  { minLength: 2, maxLength: 7 },
);

type Engine = StatelessSessions<RegisteredData>;

async function run(
  scheduler: fc.Scheduler,
  planned: readonly { readonly engine: 0 | 1; readonly act: (typeof ACTS)[number] }[],
  faults: boolean[],
): Promise<void> {
  const clock = createFakeClock();
  const denylist = memoryDenylist({ clock });
  const make = (own: Denylist): Engine =>
    createStatelessSessions({ keys: SECRET, ...NAMES, clock, logger: silentLogger, denylist: own });
  const direct = make(denylist);
  const { accessToken, session } = await direct.create({ subject: 'ada' });
  const scheduled = schedule(denylist, scheduler, faults);
  const engines = [make(scheduled), make(scheduled)] as const;
  const refreshed = new Set<string>();
  const elevated = new Set<string>();
  let isEnded = false;
  let wasElevationTried = false;

  const acts: Record<(typeof ACTS)[number], (engine: Engine) => Promise<void>> = {
    async refresh(engine) {
      const result = await engine.refresh(accessToken);
      if (result.ok) refreshed.add(result.accessToken);
    },
    async elevate(engine) {
      wasElevationTried = true;
      const result = await engine.verify(accessToken);
      if (!result.ok) return;
      const issued = await engine.elevate(result.session);
      if (issued !== undefined) elevated.add(issued.accessToken);
    },
    async revoke(engine) {
      await engine.revoke(session.sid);
      isEnded = true;
    },
    async logout(engine) {
      if (await engine.end({ accessToken })) isEnded = true;
    },
    async 'revoke all'(engine) {
      await engine.revokeAll('ada');
      isEnded = true;
    },
    async 'revoke others'(engine) {
      await engine.revokeAll('ada', { except: session.sid });
    },
  };
  const failed: (typeof ACTS)[number][] = [];
  const calls = planned.map(async ({ engine, act }) => {
    try {
      await acts[act](engines[engine]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'store_unavailable' });
      failed.push(act);
    }
  });
  await scheduler.waitFor(Promise.all(calls));
  await scheduler.waitIdle();
  for (const act of failed) await acts[act](direct);

  const isGood = async (token: string): Promise<boolean> => (await direct.verify(token)).ok;
  const all = [accessToken, ...refreshed, ...elevated];
  const living = [];
  for (const token of all) if (await isGood(token)) living.push(token);
  // Two answers to one exchange differ in their version where a revocation of others came in between.
  const ids = new Set(living.map((token) => claimsOf(token)['jti']));
  if (isEnded) expect(living).toEqual([]);
  // However many asked, one succession: never two tokens of one session side by side.
  expect(ids.size).toBeLessThanOrEqual(1);
  expect(elevated.size).toBeLessThanOrEqual(1);
  // A session that nobody ended goes on, with the token that came out of its newest exchange.
  const wasEndTried = isEnded || planned.some(({ act }) => act === 'logout');
  if (!wasEndTried && !(wasElevationTried && failed.includes('elevate'))) {
    expect(ids.size).toBe(1);
    expect(good(await direct.refresh(living[0])).session.sid).toBe(session.sid);
  }
  if (elevated.size > 0) for (const token of refreshed) expect(await isGood(token)).toBe(false);
}

describe('every order of calls to the denylist of a stateless engine', () => {
  it('leaves one living token of a living session, and none of one that was ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callers, (scheduler, planned) =>
        run(scheduler, planned, []),
      ),
      runs(400),
    );
  }, 60_000);

  it('every order of lost responses leaves no valid token of an ended session, once the failed calls are retried', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        callers,
        fc.array(fc.boolean(), { maxLength: 12 }),
        (scheduler, planned, faults) => run(scheduler, planned, [...faults]),
      ),
      runs(400),
    );
  }, 60_000);
});
