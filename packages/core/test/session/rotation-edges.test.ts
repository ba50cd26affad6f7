import { createSessions, type Issued, memoryStore, type SessionsOptions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';

async function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  const sessions = createSessions({ store, clock, logger: silentLogger, ...options });
  const replays: boolean[] = [];
  sessions.on('refreshed', ({ replayed }) => void replays.push(replayed));
  const first = await sessions.create({ subject: 'ada' });
  const { sid } = first.session;

  async function refresh({ refreshToken }: Issued): Promise<Issued> {
    const result = await sessions.refresh(refreshToken);
    if (!result.ok) throw new Error(`refresh was rejected: ${result.reason}`);
    return result;
  }
  async function recordNow() {
    const { record } = await store.load(sid);
    if (record === undefined) throw new Error('the session has ended');
    return record;
  }
  return { clock, sessions, store, replays, first, refresh, recordNow };
}

describe('a replay', () => {
  it('hands out the same access token until it has a second left, and then another one', async () => {
    const { clock, first, refresh } = await arrange();
    const second = await refresh(first);
    clock.advance('898999ms');
    expect((await refresh(first)).accessToken).toBe(second.accessToken);
    clock.advance('1ms');
    const later = await refresh(first);
    expect(later.accessToken).not.toBe(second.accessToken);
    expect(later.accessTokenExpiresAt).toBe(clock.now() + 900_000);
  });

  it('hands it out until a tenth of its life is left, where that is less than a second', async () => {
    const { clock, first, refresh } = await arrange({ accessTtl: '3s', accessOverlap: '3s' });
    const second = await refresh(first);
    clock.advance('2699ms');
    expect((await refresh(first)).accessToken).toBe(second.accessToken);
    clock.advance('1ms');
    expect((await refresh(first)).accessToken).not.toBe(second.accessToken);
  });

  it('never gives an access token that outlives the session', async () => {
    const { clock, first, refresh } = await arrange({ idleTtl: '20m', accessTtl: '15m' });
    await refresh(first);
    clock.advance('15m');
    const later = await refresh(first);
    expect(later.accessTokenExpiresAt).toBe(later.session.expiresAt);
    expect(later.accessTokenExpiresAt).toBe(clock.now() + 300_000);
  });

  it('that makes another access token leaves the one before what it had', async () => {
    const { clock, sessions, first, refresh } = await arrange();
    const second = await refresh(first);
    clock.advance('899s');
    await refresh(first);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('the result marks a replay, but no rotation and no held token', async () => {
    const { first, refresh, replays } = await arrange();
    const second = await refresh(first);
    await refresh(first);
    await refresh(second);
    expect(replays).toEqual([false, true, false]);
  });

  it('is written down once: the next one finds nothing to write', async () => {
    const { first, refresh, recordNow } = await arrange();
    const second = await refresh(first);
    const rotated = (await recordNow()).authVersion;
    await refresh(first);
    expect((await recordNow()).authVersion).toBe(rotated + 1);
    await refresh(first);
    expect((await recordNow()).authVersion).toBe(rotated + 1);
    await refresh(second);
    await refresh(second);
    expect((await recordNow()).authVersion).toBe(rotated + 2);
  });
});

describe('a hold', () => {
  it('a hold exists after a replay only: without one the newest token rotates', async () => {
    const { first, refresh } = await arrange();
    const second = await refresh(first);
    expect((await refresh(second)).refreshToken).not.toBe(second.refreshToken);
  });

  it('ends with the rotation that comes after it', async () => {
    const { clock, first, refresh } = await arrange();
    const second = await refresh(first);
    await refresh(first);
    clock.advance('20s');
    const third = await refresh(second);
    expect((await refresh(third)).refreshToken).not.toBe(third.refreshToken);
  });

  it('lasts half the idle time where that is shorter than two graces', async () => {
    const { clock, first, refresh } = await arrange({ idleTtl: '8s', accessTtl: '4s' });
    const second = await refresh(first);
    await refresh(first);
    clock.advance('3999ms');
    expect((await refresh(second)).refreshToken).toBe(second.refreshToken);
    clock.advance('1ms');
    expect((await refresh(second)).refreshToken).not.toBe(second.refreshToken);
  });
});

describe('a rotation', () => {
  it('forgets steps when their grace and their overlap are over, to the millisecond', async () => {
    const { clock, first, refresh, recordNow } = await arrange({ overlap: '0s' });
    const second = await refresh(first);
    clock.advance('9999ms');
    const third = await refresh(second);
    expect((await recordNow()).auth.steps).toHaveLength(2);
    clock.advance('1ms');
    const fourth = await refresh(third);
    expect((await recordNow()).auth.steps).toHaveLength(2);
    clock.advance('10s');
    await refresh(fourth);
    expect((await recordNow()).auth.steps).toHaveLength(1);
  });

  it('forgets access tokens that have run out, and no others', async () => {
    const { clock, first, refresh, recordNow } = await arrange();
    clock.advance('14m');
    const second = await refresh(first);
    clock.advance('59999ms');
    const third = await refresh(second);
    expect((await recordNow()).auth.access).toHaveLength(3);
    clock.advance('1ms');
    await refresh(third);
    expect((await recordNow()).auth.access).toHaveLength(3);
  });

  it('keeps no more than eight steps and eight access tokens', async () => {
    const { clock, first, refresh, recordNow } = await arrange();
    let newest = first;
    for (let n = 0; n < 20; n += 1) {
      newest = await refresh(newest);
      clock.advance('1250ms');
    }
    const { auth } = await recordNow();
    expect(auth.steps).toHaveLength(8);
    expect(auth.access).toHaveLength(8);
    expect(auth.generation).toBe(20);
  });

  it('leaves what it does not concern: the family, and when the user proved who they are', async () => {
    const { clock, first, refresh, recordNow } = await arrange();
    const { auth: before } = await recordNow();
    clock.advance('1m');
    await refresh(first);
    const { auth } = await recordNow();
    expect(auth).toMatchObject({
      family: before.family,
      authenticatedAt: before.authenticatedAt,
      lastUsedAt: clock.now(),
      accessCount: 0,
      acknowledged: false,
      replayed: false,
    });
  });

  it('never gives an access token that outlives the absolute end', async () => {
    const { clock, first, refresh } = await arrange({ idleTtl: '1h', absoluteTtl: '1h' });
    clock.advance('50m');
    const second = await refresh(first);
    expect(second.accessTokenExpiresAt).toBe(clock.now() + 600_000);
    expect(second.session.expiresAt).toBe(clock.now() + 600_000);
  });
});

describe('signing out by a refresh token', () => {
  it('works with an earlier one whose step is forgotten: only a holder knows its family', async () => {
    const { clock, sessions, first, refresh } = await arrange();
    let newest = first;
    for (let n = 0; n < 10; n += 1) {
      clock.advance('10s');
      newest = await refresh(newest);
    }
    expect(await sessions.end({ refreshToken: first.refreshToken })).toBe(true);
    expect(await sessions.verify(newest.accessToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('works with one of a generation that the store has lost', async () => {
    const { sessions, store, first, refresh, recordNow } = await arrange();
    const { sid, auth } = await recordNow();
    const second = await refresh(first);
    const { authVersion } = await recordNow();
    const write = { notAfter: Number.MAX_SAFE_INTEGER, operation: 'loses' };
    await store.replaceAuth(sid, authVersion, auth, write);
    expect(await sessions.end({ refreshToken: second.refreshToken })).toBe(true);
  });

  it('does not work with another secret, however old the generation that it claims', async () => {
    const { sessions, first, refresh } = await arrange();
    const newest = await refresh(await refresh(first));
    const [head, middle, secret = ''] = first.refreshToken.split('.');
    const forged = `${head}.${middle}.${secret.slice(0, 42).split('').reverse().join('')}A`;
    expect(await sessions.end({ refreshToken: forged })).toBe(false);
    expect(await sessions.verify(newest.accessToken)).toMatchObject({ ok: true });
  });
});
