import { describe, expect, it } from 'vitest';
import { arrangeJwt, good } from './engines.js';

describe('a pending refresh', () => {
  it('brings no token of a session that revokeAll has ended, also when it writes nothing', async () => {
    const { sessions, another, watched } = arrangeJwt();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    // Marks the step as shared and settled, so that the next answers are the same pair, without a write.
    await sessions.refresh(first.refreshToken);
    await sessions.refresh(second.refreshToken);
    watched.before('currentVersion', () => another().revokeAll('ada'));
    const late = await sessions.refresh(second.refreshToken);
    expect(late).toEqual({ ok: false, reason: 'unknown' });
  });

  it('a pending refresh returns the tokens of a re-authentication that happens during it', async () => {
    const { sessions, another, watched } = arrangeJwt();
    const first = await sessions.create({ subject: 'ada' });
    await sessions.refresh(first.refreshToken);
    await sessions.refresh(first.refreshToken);
    watched.before('currentVersion', () => another().elevate(first.session.sid));
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('hands out no token that it has denied itself before it came second', async () => {
    const { sessions, another, watched } = arrangeJwt({ engine: { accessOverlap: '0s' } });
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    // Between its denial of the earlier token and its write, another tab presents the token before.
    watched.before('deny', () => another().refresh(first.refreshToken));
    const third = good(await sessions.refresh(second.refreshToken));
    expect(await sessions.verify(third.accessToken)).toMatchObject({ ok: true });
  });
});

describe('a call that fails between denylist and store', () => {
  it('is repaired by calling again: revoke [store.failed-end]', async () => {
    const { sessions, faulty } = arrangeJwt();
    const { session, accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    faulty.fail('remove');
    await expect(sessions.revoke(session.sid)).rejects.toMatchObject({ code: 'store_unavailable' });
    // Whoever wanted it ended is not told that it was, and its tokens are refused meanwhile.
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    faulty.heal();
    expect(await sessions.revoke(session.sid)).toBe(true);
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('is repaired by calling again: revokeAll, whose tokens live until then', async () => {
    const { sessions, watched } = arrangeJwt();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    watched.fail('denyAll');
    await expect(sessions.revokeAll('ada')).rejects.toMatchObject({ code: 'store_unavailable' });
    watched.heal();
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeAll('ada')).toBe(0);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('is repaired by a refresh: elevate, which has denied the newest token already', async () => {
    const { sessions, faulty } = arrangeJwt();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    // Shared: the newest pair is held, and would be answered as it is.
    await sessions.refresh(first.refreshToken);
    faulty.fail('replaceAuth');
    await expect(sessions.elevate(first.session.sid)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    faulty.heal();
    expect(await sessions.verify(second.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    const third = good(await sessions.refresh(second.refreshToken));
    expect(third.accessToken).not.toBe(second.accessToken);
    expect(await sessions.verify(third.accessToken)).toMatchObject({ ok: true });
    const elevated = await sessions.elevate(first.session.sid);
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(third.accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('a failed sign-in that evicts is repaired by another sign-in, and leaves no extra session', async () => {
    const { sessions, watched, clock } = arrangeJwt({ engine: { maxPerSubject: 1 } });
    const evicted = await sessions.create({ subject: 'ada' });
    clock.advance('1ms');
    watched.fail('deny');
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    watched.heal();
    expect(await sessions.list('ada')).toMatchObject([{ sid: evicted.session.sid }]);
    expect(await sessions.verify(evicted.accessToken)).toMatchObject({ ok: true });
    const next = await sessions.create({ subject: 'ada' });
    expect(await sessions.list('ada')).toMatchObject([{ sid: next.session.sid }]);
    expect(await sessions.verify(evicted.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
  });

  it('is repaired by a refresh: a session that could be denied, and not evicted', async () => {
    const { sessions, faulty, clock } = arrangeJwt({ engine: { maxPerSubject: 1 } });
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('1ms');
    faulty.fail('remove');
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    faulty.heal();
    expect(await sessions.verify(first.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    const second = good(await sessions.refresh(first.refreshToken));
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('concurrent sign-ins of one subject leave exactly the sessions that the limit allows', async () => {
    const { sessions } = arrangeJwt({ engine: { maxPerSubject: 2 } });
    const crowd = await Promise.all(
      Array.from({ length: 40 }, () => sessions.create({ subject: 'ada' })),
    );
    const left = new Set((await sessions.list('ada')).map(({ sid }) => sid));
    expect(left.size).toBe(2);
    for (const { session, accessToken } of crowd) {
      const result = await sessions.verify(accessToken);
      expect(result.ok).toBe(left.has(session.sid));
    }
  });

  it('two concurrent sign-ins evict at most two sessions', async () => {
    const { sessions, another, watched, clock, events } = arrangeJwt({
      engine: { maxPerSubject: 2 },
    });
    for (let count = 0; count < 2; count += 1) {
      await sessions.create({ subject: 'ada' });
      clock.advance('1ms');
    }
    watched.before('deny', () => another().create({ subject: 'ada' }));
    const last = await sessions.create({ subject: 'ada' });
    const left = await sessions.list('ada');
    expect(left).toHaveLength(2);
    expect(left.map(({ sid }) => sid)).toContain(last.session.sid);
    expect(await sessions.verify(last.accessToken)).toMatchObject({ ok: true });
    expect(events.filter(([name]) => name === 'revoked').length).toBeLessThanOrEqual(2);
  });
});

describe('a denylist that does not respond', () => {
  it('a denylist that does not respond is an outage and no verdict on a token [store.fault]', async () => {
    const { sessions, watched, events } = arrangeJwt();
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    watched.fail();
    for (const call of [
      sessions.verify(accessToken),
      sessions.refresh(refreshToken),
      sessions.create({ subject: 'ada' }),
      sessions.ready(),
    ]) {
      await expect(call).rejects.toMatchObject({
        name: 'StoreUnavailableError',
        code: 'store_unavailable',
        status: 503,
      });
    }
    expect(events.filter(([name]) => name === 'rejected')).toEqual([]);
    expect(events.filter(([name]) => name === 'store-error').length).toBeGreaterThan(0);
    watched.heal();
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
  });

  it('a denylist that does not respond lets tokens be trusted if configured, and a failed revocation still throws', async () => {
    const { sessions, watched } = arrangeJwt({ tokens: { onDenylistError: 'accept' } });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    watched.fail();
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    await expect(sessions.revoke(session.sid)).rejects.toMatchObject({ code: 'store_unavailable' });
    watched.heal();
    await sessions.revoke(session.sid);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });
});
