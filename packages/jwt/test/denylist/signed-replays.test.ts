import type { Issued } from '@sess/core';
import type { AccessGrant } from '@sess/core/internal';
import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

/** An engine of signed tokens, with a session whose first refresh token has been spent. */
async function arrangeReplay(options: Parameters<typeof arrange>[0] = {}) {
  const accessToken = createFakeTokens();
  const arranged = arrange({ accessToken, ...options });
  const { sessions, faulty } = arranged;
  const first = await sessions.create({ subject: 'ada' });
  const refresh = async ({ refreshToken }: Issued) => {
    const result = await sessions.refresh(refreshToken);
    if (!result.ok) throw new Error(`refresh was rejected: ${result.reason}`);
    return result;
  };
  const second = await refresh(first);

  /** Does something right after the next time that the session is loaded. */
  function afterLoad(interfere: () => Promise<unknown>): void {
    const { load } = faulty.store;
    Object.assign(faulty.store, {
      load: async (sid: string) => {
        const loaded = await load(sid);
        Object.assign(faulty.store, { load });
        await interfere();
        return loaded;
      },
    });
  }

  /** Does something right before the session is loaded for the second time from now on. */
  function beforeSecondLoad(interfere: () => Promise<unknown>): void {
    const { load } = faulty.store;
    let loads = 0;
    Object.assign(faulty.store, {
      load: async (sid: string) => {
        loads += 1;
        if (loads === 2) {
          Object.assign(faulty.store, { load });
          await interfere();
        }
        return load(sid);
      },
    });
  }
  const { denylist } = accessToken;
  return { ...arranged, denylist, first, second, refresh, afterLoad, beforeSecondLoad };
}

const grantOf = ({ accessToken }: Issued): AccessGrant => JSON.parse(accessToken.slice(5));

describe('a replay whose access token has been denied', () => {
  it('gets another one that works, of the same refresh token, and so does the next', async () => {
    const { sessions, faulty, first, second, refresh } = await arrangeReplay();
    // Denied first, and then not replaced after all.
    faulty.fail('replaceAuth');
    await expect(sessions.elevate(first.session.sid)).rejects.toThrow();
    faulty.heal();
    expect(await sessions.verify(second.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    const again = await refresh(first);
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(await sessions.verify(again.accessToken)).toMatchObject({ ok: true });
    expect((await refresh(first)).accessToken).toBe(again.accessToken);
  });

  it('a replay whose access token is still valid returns that token', async () => {
    const { first, second, refresh } = await arrangeReplay();
    const third = await refresh(second);
    expect((await refresh(first)).accessToken).toBe(third.accessToken);
  });

  it('asks the denylist for nothing when a new access token is made anyway', async () => {
    const { denylist, second, refresh } = await arrangeReplay();
    const asked = denylist.calls.get('isDenied') ?? 0;
    await refresh(second);
    expect(denylist.calls.get('isDenied') ?? 0).toBe(asked);
  });
});

describe('a replay that has nothing to write', () => {
  it('a replay without a write returns nothing of a session that ended during it', async () => {
    const { sessions, first, refresh, afterLoad } = await arrangeReplay();
    await refresh(first);
    afterLoad(() => sessions.revokeAll('ada'));
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('a replay without a write returns nothing of a family that was replaced during it', async () => {
    const { sessions, first, refresh, afterLoad } = await arrangeReplay();
    await refresh(first);
    afterLoad(() => sessions.elevate(first.session.sid));
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('gives nothing of a family that was replaced after its token was found good', async () => {
    const { sessions, first, refresh, beforeSecondLoad } = await arrangeReplay();
    await refresh(first);
    beforeSecondLoad(() => sessions.elevate(first.session.sid));
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('a replay without a write is decided again after an unrelated change, with the same result', async () => {
    const { faulty, clock, first, second, refresh, afterLoad } = await arrangeReplay();
    await refresh(first);
    afterLoad(async () => {
      const { record } = await faulty.store.load(first.session.sid);
      if (record === undefined) throw new Error('there is a session');
      const { sid, authVersion, auth } = record;
      const write = { notAfter: clock.now() + 1_000, operation: 'settles' };
      await faulty.store.replaceAuth(sid, authVersion, { ...auth, acknowledged: true }, write);
    });
    expect((await refresh(first)).refreshToken).toBe(second.refreshToken);
  });

  it('is one look at the store where tokens are looked up anyway', async () => {
    const { faulty, first, refresh } = await arrangeReplay({ accessToken: undefined as never });
    await refresh(first);
    const before = faulty.calls.get('load') ?? 0;
    await refresh(first);
    expect((faulty.calls.get('load') ?? 0) - before).toBe(1);
  });
});

describe('the issue time of a signed token', () => {
  it('is when it was made, the same in every repetition', async () => {
    const { clock, first, second, refresh } = await arrangeReplay();
    expect(grantOf(second).issuedAt).toBe(clock.now());
    clock.advance('5s');
    expect((await refresh(first)).accessToken).toBe(second.accessToken);
  });

  it('is when it was made by a replay, where the one before had run out', async () => {
    const { clock, first, refresh } = await arrangeReplay();
    clock.advance('15m');
    const later = await refresh(first);
    expect(grantOf(later)).toMatchObject({ issuedAt: clock.now(), generation: 1 });
  });

  it('the issue time of a signed token is the last use where the end of the session shortens its life', async () => {
    const { clock, second, refresh } = await arrangeReplay({ absoluteTtl: '5m', accessTtl: '4m' });
    clock.advance('2m');
    const third = await refresh(second);
    const { issuedAt, expiresAt } = grantOf(third);
    expect([issuedAt, expiresAt]).toEqual([clock.now(), clock.now() + 180_000]);
    clock.advance('5s');
    expect((await refresh(second)).accessToken).toBe(third.accessToken);
  });
});

describe('two processes that are presented one token concurrently', () => {
  it('two processes with one token mark the step as replayed, so that no order of the responses leaves a spent token', async () => {
    const { sessions, faulty, second, afterLoad } = await arrangeReplay();
    let others = '';
    afterLoad(async () => {
      const result = await sessions.refresh(second.refreshToken);
      if (result.ok) others = result.refreshToken;
    });
    expect(await sessions.refresh(second.refreshToken)).toMatchObject({ refreshToken: others });
    const { record } = await faulty.store.load(second.session.sid);
    expect(record?.auth).toMatchObject({ generation: 2, replayed: true });
    expect(await sessions.refresh(others)).toMatchObject({ refreshToken: others });
  });

  it('write once each: the one that comes second has marked the step by coming second', async () => {
    const { sessions, faulty, second, afterLoad } = await arrangeReplay({
      accessToken: undefined as never,
    });
    const before = faulty.calls.get('replaceAuth') ?? 0;
    afterLoad(() => sessions.refresh(second.refreshToken));
    expect(await sessions.refresh(second.refreshToken)).toMatchObject({ ok: true });
    expect((faulty.calls.get('replaceAuth') ?? 0) - before).toBe(2);
  });
});
