import {
  createSessions,
  memoryStore,
  type RegisteredData,
  type Sessions,
  type SessionsOptions,
} from '@sess/core';
import type { Denylist } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../test/fuzzing.js';
import { jwt, memoryDenylist } from '../src/index.js';
import { good, NAMES, SECRET } from './engines.js';

const STORE = ['load', 'insert', 'replaceAuth', 'replaceData', 'remove', 'removeAll'] as const;
const DENYLIST = ['currentVersion', 'isDenied', 'deny', 'denyAll', 'supersede'] as const;

/** Whether a call gets there, and whether its answer gets back. */
type Fault = 'none' | 'lost request' | 'lost answer';

/** Requests and answers arrive in whatever order the scheduler picks, and some are lost. */
function schedule<Port extends object>(
  inner: Port,
  operations: readonly (keyof Port & string)[],
  { scheduler, nextFault }: { scheduler: fc.Scheduler; nextFault: () => Fault },
): Port {
  const scheduled: Record<string, unknown> = {};
  for (const operation of operations) {
    const call = inner[operation] as (...parameters: readonly unknown[]) => Promise<unknown>;
    scheduled[operation] = async (...parameters: readonly unknown[]) => {
      const fault = nextFault();
      await scheduler.schedule(Promise.resolve(), `${operation} →`);
      if (fault === 'lost request') throw new Error('the request was lost');
      const answer = await call(...parameters);
      await scheduler.schedule(Promise.resolve(), `${operation} ←`);
      if (fault === 'lost answer') throw new Error('the answer was lost');
      return answer;
    };
  }
  return { ...inner, ...scheduled, peek: () => undefined };
}

/** A session that was refreshed once, and two engines that reach it and its denylist through the scheduler. */
async function arrange(
  scheduler: fc.Scheduler,
  { faults, accessOverlap }: { faults: readonly Fault[]; accessOverlap: '0s' | '15m' },
) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  const denylist = memoryDenylist({ clock });
  const make = (own: SessionsOptions['store'], ownDenylist: Denylist): Sessions =>
    createSessions<RegisteredData>({
      ...(own === undefined ? {} : { store: own }),
      clock,
      logger: silentLogger,
      accessOverlap,
      accessToken: jwt({ keys: SECRET, ...NAMES, revocation: 'denylist', denylist: ownDenylist }),
    });
  const direct = make(store, denylist);
  const first = await direct.create({ subject: 'ada' });
  const second = good(await direct.refresh(first.refreshToken));
  let isOn = false;
  const left = [...faults];
  const nextFault = (): Fault => (isOn ? (left.shift() ?? 'none') : 'none');
  const way = { scheduler, nextFault };
  const engine = (): Sessions =>
    make(schedule(store, STORE, way), schedule(denylist, DENYLIST, way));
  const engines = [engine(), engine()] as const;
  const startFaults = (): void => {
    isOn = true;
  };
  return { clock, direct, first, second, engines, startFaults };
}

const ACTS = [
  'refresh newest',
  'refresh newest',
  'refresh earlier',
  'refresh earlier',
  'verify',
  'update',
  'revoke',
  'logout',
  'revoke all',
  'revoke others',
  'elevate',
  'login',
] as const;

const callers = fc.array(
  fc.record({ engine: fc.constantFrom(0 as const, 1 as const), act: fc.constantFrom(...ACTS) }),
  { minLength: 2, maxLength: 7 },
);
const overlaps = fc.constantFrom('0s' as const, '15m' as const);
const faultLists = fc.array(
  fc.constantFrom<Fault>('none', 'none', 'none', 'lost request', 'lost answer'),
  { maxLength: 24 },
);

interface Plan {
  readonly engine: 0 | 1;
  readonly act: (typeof ACTS)[number];
}

/** Runs what callers planned, has those whose call failed try again afterwards, and holds the outcome to the rules. */
async function run(
  scheduler: fc.Scheduler,
  planned: readonly Plan[],
  settings: { faults: readonly Fault[]; accessOverlap: '0s' | '15m' },
): Promise<void> {
  const { direct, first, second, engines, startFaults } = await arrange(scheduler, settings);
  const { sid } = first.session;
  const issued = [first, second];
  const replacedByElevation = [first.accessToken, second.accessToken];
  let wasElevated = false;

  const acts: Record<Plan['act'], (engine: Sessions) => Promise<void>> = {
    async 'refresh newest'(engine) {
      const result = await engine.refresh(second.refreshToken);
      if (result.ok) issued.push(result);
    },
    async 'refresh earlier'(engine) {
      const result = await engine.refresh(first.refreshToken);
      if (result.ok) issued.push(result);
    },
    async verify(engine) {
      await engine.verify(second.accessToken);
    },
    async update(engine) {
      await engine.update(sid, { theme: 'dark' });
    },
    async revoke(engine) {
      await engine.revoke(sid);
    },
    async logout(engine) {
      await engine.end({ accessToken: second.accessToken, refreshToken: second.refreshToken });
    },
    async 'revoke all'(engine) {
      await engine.revokeAll('ada');
    },
    async 'revoke others'(engine) {
      await engine.revokeAll('ada', { except: sid });
    },
    async elevate(engine) {
      const elevated = await engine.elevate(sid);
      if (elevated === undefined) return;
      wasElevated = true;
      issued.push(elevated);
    },
    async login(engine) {
      issued.push(await engine.create({ subject: 'ada' }));
    },
  };
  const failed: Plan['act'][] = [];
  startFaults();
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

  const live = new Set((await direct.list('ada')).map((session) => session.sid));
  for (const { session, accessToken } of issued) {
    if (live.has(session.sid)) continue;
    // Nothing that was ever issued outlives its session.
    expect(await direct.verify(accessToken)).toMatchObject({ ok: false });
  }
  if (wasElevated) {
    for (const token of replacedByElevation)
      expect(await direct.verify(token)).toMatchObject({ ok: false });
  }
  // Where an end was tried and its store failed, the denial stands: the caller was told, and signs in anew or waits.
  const wasEndTried = failed.some((act) => act === 'revoke' || act === 'logout');
  for (const session of live) {
    if (wasEndTried && session === sid) continue;
    // Whoever holds the newest refresh token of a living session is one refresh away from a good access token.
    const results = [];
    for (const { refreshToken } of issued.filter((each) => each.session.sid === session))
      results.push(await direct.refresh(refreshToken));
    const won = results.filter((result) => result.ok);
    // A sign-in whose answer was lost is nobody's.
    for (const result of won)
      expect(await direct.verify(result.accessToken)).toMatchObject({ ok: true });
    if (results.length > 0) expect(won.length).toBeGreaterThan(0);
  }
}

describe('every order of calls to store and denylist', () => {
  it('leaves no good token of an ended session, and every living one a way to a good token', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callers, overlaps, (scheduler, planned, accessOverlap) =>
        run(scheduler, planned, { faults: [], accessOverlap }),
      ),
      runs(400),
    );
  }, 60_000);

  it('every order of lost requests and responses leaves no valid token of an ended session, once the failed calls are retried', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        callers,
        overlaps,
        faultLists,
        (scheduler, planned, accessOverlap, faults) =>
          run(scheduler, planned, { faults, accessOverlap }),
      ),
      runs(400),
    );
  }, 60_000);
});
