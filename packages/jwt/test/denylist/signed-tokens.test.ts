import { createSessions, memoryStore } from '@sess/core';
import type { Denylist, SessionStore } from '@sess/core/store';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { jwt, memoryDenylist } from '../../src/index.js';
import { NAMES, SECRET, settle } from '../engines.js';
import { arrange } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

function arrangeSigned(given: Parameters<typeof createFakeTokens>[0] = {}) {
  const accessToken = createFakeTokens(given);
  return { ...arrange({ accessToken }), denylist: accessToken.denylist };
}

type Arranged = ReturnType<typeof arrangeSigned>;

async function rotate({ sessions }: Arranged, refreshToken: string) {
  const result = await sessions.refresh(refreshToken);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

describe('an engine of signed tokens', () => {
  it('an engine of signed tokens trusts their claims without a call to the store', async () => {
    const { sessions, faulty } = arrangeSigned();
    const { accessToken } = await sessions.create({ subject: 'ada', data: { a: 1 } });
    faulty.fail();
    expect(await sessions.verify(accessToken)).toMatchObject({
      ok: true,
      session: { subject: 'ada', data: { a: 1 } },
    });
  });

  it('an engine of signed tokens reports a denied token as revoked, in an event too', async () => {
    const { sessions, events } = arrangeSigned();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(events).toContainEqual([
      'rejected',
      { token: 'access', reason: 'revoked', sid: session.sid },
    ]);
  });

  it.each(['store', 'none'] as const)(
    'asks no denylist with revocation: %s',
    async (revocation) => {
      const { sessions, denylist } = arrangeSigned({ revocation });
      const { accessToken, session } = await sessions.create({ subject: 'ada' });
      await sessions.verify(accessToken);
      await sessions.elevate(session.sid);
      await sessions.revokeAll('ada');
      expect([...denylist.calls]).toEqual([]);
      expect((await sessions.verify(accessToken)).ok).toBe(revocation === 'none');
    },
  );

  it('denies nothing while everybody refreshes in time, or late', async () => {
    const arranged = arrangeSigned();
    const { sessions, clock, denylist } = arranged;
    let { refreshToken } = await sessions.create({ subject: 'ada' });
    for (const wait of ['14m', '16m', '1h'] as const) {
      clock.advance(wait);
      ({ refreshToken } = await rotate(arranged, refreshToken));
    }
    expect(denylist.calls.get('deny')).toBeUndefined();
  });

  it('an engine of signed tokens obtains a version before it writes, so that every session can be ended', async () => {
    const { sessions, denylist, faulty } = arrangeSigned();
    denylist.fail('currentVersion');
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(faulty.calls.get('insert')).toBeUndefined();
  });
});

describe('what no token can carry', () => {
  it('is refused to an update, which leaves the session as it was', async () => {
    const { sessions } = arrangeSigned();
    const { session, refreshToken } = await sessions.create({ subject: 'ada', data: { a: 1 } });
    await expect(sessions.update(session.sid, { huge: true })).rejects.toMatchObject({
      code: 'invalid_data',
    });
    expect((await sessions.get(session.sid))?.data).toEqual({ a: 1 });
    expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
  });

  it('is refused to a sign-in before what it replaces has been ended', async () => {
    const { sessions, faulty } = arrangeSigned();
    const earlier = await sessions.create({ subject: 'ada' });
    await expect(
      sessions.create(
        { subject: 'ada', data: { huge: true } },
        { replaces: { refreshToken: earlier.refreshToken } },
      ),
    ).rejects.toMatchObject({ code: 'invalid_data' });
    expect(await sessions.verify(earlier.accessToken)).toMatchObject({ ok: true });
    expect(faulty.calls.get('insert')).toBe(1);
  });
});

describe('acknowledging by the generation of a signed token', () => {
  it('asks the store once a rotation, however often the token is seen', async () => {
    const arranged = arrangeSigned();
    const { sessions, faulty } = arranged;
    const first = await sessions.create({ subject: 'ada' });
    const second = await rotate(arranged, first.refreshToken);
    const [loads, writes] = [faulty.calls.get('load') ?? 0, faulty.calls.get('replaceAuth') ?? 0];
    for (let time = 0; time < 5; time += 1) {
      await sessions.verify(second.accessToken);
      await settle();
    }
    expect((faulty.calls.get('load') ?? 0) - loads).toBe(1);
    expect((faulty.calls.get('replaceAuth') ?? 0) - writes).toBe(1);
  });

  it('ends the forgiveness for the step before, as with tokens that are looked up', async () => {
    const arranged = arrangeSigned();
    const { sessions, clock } = arranged;
    const first = await sessions.create({ subject: 'ada' });
    const second = await rotate(arranged, first.refreshToken);
    clock.advance('1m');
    await sessions.verify(second.accessToken);
    await settle();
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });

  it('does not ask for a first generation, nor settle by a token of an earlier one', async () => {
    const arranged = arrangeSigned();
    const { sessions, faulty } = arranged;
    const first = await sessions.create({ subject: 'ada' });
    const before = faulty.calls.get('load');
    await sessions.verify(first.accessToken);
    await settle();
    expect(faulty.calls.get('load')).toBe(before);
    const second = await rotate(arranged, first.refreshToken);
    await rotate(arranged, second.refreshToken);
    const writes = faulty.calls.get('replaceAuth');
    await sessions.verify(second.accessToken);
    await settle();
    expect(faulty.calls.get('replaceAuth')).toBe(writes);
  });

  it('a failed acknowledgement does not affect the request, and is tried again', async () => {
    const arranged = arrangeSigned();
    const { sessions, faulty } = arranged;
    const first = await sessions.create({ subject: 'ada' });
    const second = await rotate(arranged, first.refreshToken);
    faulty.fail();
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    await settle();
    faulty.heal();
    const writes = faulty.calls.get('replaceAuth') ?? 0;
    await sessions.verify(second.accessToken);
    await settle();
    expect((faulty.calls.get('replaceAuth') ?? 0) - writes).toBe(1);
  });
});

describe('an engine and its denylist', () => {
  const create = (isStoreLocal: boolean | undefined, denylist?: Denylist) => () =>
    createSessions({
      store: { ...memoryStore(), isLocal: isStoreLocal } as SessionStore,
      accessToken: jwt({
        keys: SECRET,
        ...NAMES,
        revocation: 'denylist',
        ...(denylist && { denylist }),
      }),
      logger: silentLogger,
    });

  it.each([false, undefined])(
    'refuses a denylist in memory beside a store that processes share: isLocal %s',
    (isLocal) => {
      for (const denylist of [undefined, memoryDenylist()]) {
        expect(create(isLocal, denylist)).toThrow(/^denylist: expected one that processes share/);
      }
    },
  );

  it('accepts any other pair of store and denylist', () => {
    expect(create(true)).not.toThrow();
    expect(create(true, memoryDenylist())).not.toThrow();
    expect(create(true, { ...memoryDenylist(), isLocal: false })).not.toThrow();
    expect(create(false, { ...memoryDenylist(), isLocal: false })).not.toThrow();
  });

  it('are closed together, one even if the other fails', async () => {
    const closed: string[] = [];
    const close = async () => void closed.push('denylist');
    const sessions = createSessions({
      logger: silentLogger,
      store: { ...memoryStore(), close: () => Promise.reject(new Error('stuck')) },
      accessToken: createFakeTokens({ broken: { close } }),
    });
    await expect(sessions.close()).rejects.toThrow('stuck');
    expect(closed).toEqual(['denylist']);
  });
});
