import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../test/fuzzing.js';
import { arrangeJwt, arrangeStateless } from './engines.js';

/** A sign-in is whole if its session and its token are both good, or both over. */
async function expectWhole(
  { sessions }: Pick<ReturnType<typeof arrangeJwt>, 'sessions'>,
  issued: Awaited<ReturnType<ReturnType<typeof arrangeJwt>['sessions']['create']>>,
) {
  const isGood = (await sessions.verify(issued.accessToken)).ok;
  const isListed = (await sessions.list('ada')).some(({ sid }) => sid === issued.session.sid);
  expect({ isGood, isListed }).toEqual({ isGood: isListed, isListed });
}

describe('a sign-in beside a revoke-all', () => {
  it('starts again if everything was denied after its version was read', async () => {
    const { sessions, another, faulty, watched } = arrangeJwt();
    const { insert } = faulty.store;
    Object.assign(faulty.store, {
      insert: async (...given: Parameters<typeof insert>) => {
        Object.assign(faulty.store, { insert });
        const result = await insert(...given);
        // The sign-in is written between the removal and the denial.
        watched.before('denyAll', () => {});
        await watched.denylist.denyAll(given[0].sid.slice(0, 16), {
          operation: 'other',
          ttlMs: 60_000,
        });
        return result;
      },
    });
    const issued = await sessions.create({ subject: 'ada' });
    expect(await another().verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.list('ada')).toEqual([issued.session]);
  });

  it('has come first, and is over, if it was complete between the removal and the denial', async () => {
    const arranged = arrangeJwt();
    const { sessions, another, watched } = arranged;
    let issued: Awaited<ReturnType<typeof sessions.create>> | undefined;
    watched.before('denyAll', async () => {
      issued = await another().create({ subject: 'ada' });
    });
    expect(await sessions.revokeAll('ada')).toBe(1);
    if (issued === undefined) throw new Error('there was no sign-in');
    await expectWhole(arranged, issued);
    expect(await sessions.refresh(issued.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('spares the session that logout-others keeps', async () => {
    const { sessions, another, watched } = arrangeJwt();
    const mine = await sessions.create({ subject: 'ada' });
    watched.before('denyAll', () => another().create({ subject: 'ada' }));
    expect(await sessions.revokeAll('ada', { except: mine.session.sid })).toBe(1);
    expect(await sessions.verify(mine.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('is whole in any order of calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), async (scheduler, all) => {
        const arranged = arrangeJwt();
        const { sessions, faulty, watched } = arranged;
        for (const name of ['insert', 'removeAll', 'list', 'remove'] as const) {
          const call = faulty.store[name] as (...given: readonly unknown[]) => Promise<unknown>;
          Object.assign(faulty.store, {
            [name]: (...given: readonly unknown[]) =>
              scheduler.schedule(Promise.resolve(), name).then(() => call(...given)),
          });
        }
        for (const name of ['currentVersion', 'isDenied', 'denyAll', 'deny'] as const) {
          const call = watched.denylist[name] as (...given: readonly unknown[]) => Promise<unknown>;
          Object.assign(watched.denylist, {
            [name]: (...given: readonly unknown[]) =>
              scheduler.schedule(Promise.resolve(), name).then(() => call(...given)),
          });
        }
        const signIns = Array.from({ length: 3 }, () => sessions.create({ subject: 'ada' }));
        const ends = Array.from({ length: all }, () => sessions.revokeAll('ada'));
        const settled = Promise.allSettled(signIns);
        await scheduler.waitFor(Promise.all([settled, ...ends]));
        for (const outcome of await settled) {
          if (outcome.status !== 'fulfilled') {
            expect(outcome.reason).toMatchObject({ code: 'store_unavailable' });
            continue;
          }
          await scheduler.waitFor(expectWhole(arranged, outcome.value));
        }
      }),
      runs(200, 20),
    );
  });

  it('without a store has a token that was not denied before it was returned', async () => {
    const { sessions, another, watched } = arrangeStateless();
    watched.before('isDenied', () => another().revokeAll('ada'));
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('without a store fails with 503 if every attempt is overtaken', async () => {
    const { sessions, another, watched } = arrangeStateless();
    const overtake = async () => {
      await another().revokeAll('ada');
      watched.before('isDenied', overtake);
    };
    watched.before('isDenied', overtake);
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});
