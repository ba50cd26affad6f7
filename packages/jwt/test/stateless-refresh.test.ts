import { describe, expect, it } from 'vitest';
import { arrangeStateless, claimsOf, good } from './engines.js';

const REVOKED = { ok: false, reason: 'revoked' } as const;

describe('refreshing a stateless session', () => {
  it('a stateless refresh returns no token that would expire immediately, neither before the absolute end nor to a late caller', async () => {
    const { sessions, clock } = arrangeStateless({ ttl: '5m', absoluteTtl: '5m' });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    clock.advance('299001ms');
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'expired' });
    const brief = arrangeStateless({ ttl: '5s', grace: '10s' });
    const first = await brief.sessions.create({ subject: 'ada' });
    const second = good(await brief.sessions.refresh(first.accessToken));
    expect(second.accessTokenExpiresAt - second.issuedAt).toBe(5_000);
    brief.clock.advance('4500ms');
    expect(await brief.sessions.refresh(first.accessToken)).toEqual({
      ok: false,
      reason: 'expired',
    });
  });

  it('carries everything from token to token, and lets only the newest live', async () => {
    const { sessions, clock } = arrangeStateless();
    const data = { email: 'ada@example.com', permissions: ['read'] };
    let issued = await sessions.create({ subject: 'ada', data });
    const { sid } = issued.session;
    const tokens = [issued.accessToken];
    for (let step = 0; step < 20; step += 1) {
      clock.advance('30m');
      issued = good(await sessions.refresh(issued.accessToken));
      tokens.push(issued.accessToken);
    }
    expect(issued.session).toMatchObject({ sid, subject: 'ada', data });
    expect(await sessions.verify(issued.accessToken)).toEqual({
      ok: true,
      session: issued.session,
    });
    expect(new Set(tokens.map((token) => claimsOf(token)['jti'])).size).toBe(21);
    expect(await sessions.verify(tokens.at(-2))).toEqual(REVOKED);
  });

  it('a stateless refresh returns fifty concurrent callers, on two engines, the same successor, byte for byte [rotation.parallel]', async () => {
    const { sessions, another, events } = arrangeStateless();
    const engines = [sessions, another()];
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => engines[n % 2]?.refresh(accessToken)),
    );
    const successors = new Set(results.map((result) => result?.ok && result.accessToken));
    expect(successors.size).toBe(1);
    expect(await sessions.verify([...successors][0])).toMatchObject({ ok: true });
    const refreshed = events.filter(([name]) => name === 'refreshed').map(([, event]) => event);
    expect(refreshed.filter((event) => (event as { replayed: boolean }).replayed)).toHaveLength(24);
  });

  it('is one exchange for tabs that refresh in turn, each with the token that it has', async () => {
    const { sessions, clock } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    const tabs = [first.accessToken, first.accessToken, first.accessToken];
    for (let round = 0; round < 30; round += 1) {
      clock.advance('50m');
      for (const [tab, token] of tabs.entries()) {
        clock.advance('2s');
        tabs[tab] = good(await sessions.refresh(token)).accessToken;
      }
      expect(new Set(tabs).size).toBe(1);
    }
  });

  it('leads one who comes late to the newest token, over several exchanges within the grace', async () => {
    const { sessions, clock } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('1s');
    const second = good(await sessions.refresh(first.accessToken));
    clock.advance('4s');
    const third = good(await sessions.refresh(second.accessToken));
    clock.advance('5999ms');
    const late = good(await sessions.refresh(first.accessToken));
    expect(late.accessToken).toBe(third.accessToken);
    clock.advance('1ms');
    expect(await sessions.refresh(first.accessToken)).toEqual(REVOKED);
    expect(await sessions.refresh(second.accessToken)).toMatchObject({ ok: true });
  });

  it('leads to the newest token over twenty exchanges, and rejects no token over a hundred', async () => {
    const { sessions } = arrangeStateless();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    let newest = first;
    const exchange = async (times: number) => {
      for (let n = 0; n < times; n += 1) newest = good(await sessions.refresh(newest)).accessToken;
    };
    await exchange(20);
    expect(good(await sessions.refresh(first)).accessToken).toBe(newest);
    await exchange(80);
    // More than one call follows: nothing is known of the token then.
    await expect(sessions.refresh(first)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await sessions.refresh(newest)).toMatchObject({ ok: true });
  });

  it('forgives until the last millisecond of the grace, and one that comes late ends nothing', async () => {
    const { sessions, clock } = arrangeStateless({ grace: '5s' });
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.accessToken));
    clock.advance('4999ms');
    expect(good(await sessions.refresh(first.accessToken)).accessToken).toBe(second.accessToken);
    clock.advance('1ms');
    expect(await sessions.refresh(first.accessToken)).toEqual(REVOKED);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('never goes beyond the absolute end, counted from the authentication [life.absolute]', async () => {
    const { sessions, clock } = arrangeStateless({ ttl: '1h', absoluteTtl: '3h' });
    clock.advance('617ms');
    let issued = await sessions.create({ subject: 'ada' });
    const end = clock.now() + 3 * 3_600_000;
    for (const wait of ['50m', '50m', '50m'] as const) {
      clock.advance(wait);
      issued = good(await sessions.refresh(issued.accessToken));
      expect(Number(claimsOf(issued.accessToken)['exp']) * 1_000).toBeLessThanOrEqual(end);
    }
    expect(issued.accessTokenExpiresAt).toBeLessThanOrEqual(end);
    clock.advance('29m');
    issued = good(await sessions.refresh(issued.accessToken));
    clock.set(end);
    expect(await sessions.verify(issued.accessToken)).toEqual({ ok: false, reason: 'expired' });
    expect(await sessions.refresh(issued.accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('goes not beyond it within the leeway either', async () => {
    const { sessions, clock } = arrangeStateless({ ttl: '1h', absoluteTtl: '1h', leeway: '5m' });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    clock.advance('1h');
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('takes no token that has run out', async () => {
    const { sessions, clock } = arrangeStateless();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    clock.advance('1h');
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('a stateless refresh returns a token that is valid for the whole of `expires_in`', async () => {
    const { sessions, clock } = arrangeStateless({ ttl: '2s' });
    clock.advance('617ms');
    const created = await sessions.create({ subject: 'ada' });
    const refreshed = good(await sessions.refresh(created.accessToken));
    for (const { accessToken, accessTokenExpiresAt, issuedAt } of [refreshed]) {
      expect(accessTokenExpiresAt - issuedAt).toBeGreaterThanOrEqual(2_000);
      clock.set(accessTokenExpiresAt - 1);
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      clock.set(accessTokenExpiresAt);
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
    }
  });

  it('a stateless refresh returns the session that verify of its token returns', async () => {
    const { sessions, clock } = arrangeStateless();
    clock.advance('617ms');
    const created = await sessions.create({ subject: 'ada', data: { role: 'admin' } });
    expect(await sessions.verify(created.accessToken)).toEqual({
      ok: true,
      session: created.session,
    });
    const refreshed = good(await sessions.refresh(created.accessToken));
    expect(await sessions.verify(refreshed.accessToken)).toEqual({
      ok: true,
      session: refreshed.session,
    });
  });

  it('works without a denylist, where the token before lives on', async () => {
    const { sessions } = arrangeStateless({ denylist: undefined as never });
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.accessToken));
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('a stateless refresh throws while the denylist does not respond, and the session stays valid', async () => {
    const { sessions, watched } = arrangeStateless();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    watched.fail();
    for (const call of [sessions.refresh(accessToken), sessions.verify(accessToken)])
      await expect(call).rejects.toMatchObject({ code: 'store_unavailable', status: 503 });
    watched.heal();
    expect(await sessions.refresh(accessToken)).toMatchObject({ ok: true });
  });

  it('a stateless refresh refuses all earlier tokens after the denylist was flushed [jwt.flushed]', async () => {
    const { sessions, watched, clock } = arrangeStateless();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    clock.advance('1ms');
    watched.flush();
    expect(await sessions.verify(accessToken)).toEqual(REVOKED);
    expect(await sessions.refresh(accessToken)).toEqual(REVOKED);
    const again = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(again.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(accessToken)).toEqual(REVOKED);
  });
});

describe('re-authentication of a stateless session', () => {
  async function verified(
    sessions: ReturnType<typeof arrangeStateless>['sessions'],
    token: string,
  ) {
    const result = await sessions.verify(token);
    return good(result).session;
  }

  it('re-authentication of a stateless session restarts the absolute life, and records the time [life.reauthentication]', async () => {
    const { sessions, clock } = arrangeStateless({ ttl: '1h', absoluteTtl: '2h' });
    const first = await sessions.create({ subject: 'ada', data: { role: 'admin' } });
    clock.advance('50m');
    const elevated = await sessions.elevate(await verified(sessions, first.accessToken));
    expect(elevated?.session).toMatchObject({
      sid: first.session.sid,
      data: { role: 'admin' },
      createdAt: first.session.createdAt,
      authenticatedAt: clock.now(),
    });
    clock.advance('59m');
    const next = good(await sessions.refresh(elevated?.accessToken));
    clock.advance('59m');
    expect(await sessions.refresh(next.accessToken)).toMatchObject({ ok: true });
  });

  it('ends the tokens before it, exchanged ones too, and gives them no successor', async () => {
    const { sessions } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    const session = await verified(sessions, first.accessToken);
    const second = good(await sessions.refresh(first.accessToken));
    const third = good(await sessions.refresh(second.accessToken));
    const elevated = await sessions.elevate(session);
    for (const { accessToken } of [first, second, third]) {
      expect(await sessions.verify(accessToken)).toEqual(REVOKED);
      expect(await sessions.refresh(accessToken)).toEqual(REVOKED);
    }
    expect(await sessions.refresh(elevated?.accessToken)).toMatchObject({ ok: true });
  });

  it('re-authentication is refused for a stateless session that ended, expired, or was re-authenticated elsewhere', async () => {
    const { sessions, clock } = arrangeStateless();
    const ended = await sessions.create({ subject: 'ada' });
    const endedSession = await verified(sessions, ended.accessToken);
    await sessions.revoke(ended.session.sid);
    expect(await sessions.elevate(endedSession)).toBeUndefined();
    const twice = await sessions.create({ subject: 'ada' });
    const twiceSession = await verified(sessions, twice.accessToken);
    expect(await sessions.elevate(twiceSession)).toBeDefined();
    expect(await sessions.elevate(twiceSession)).toBeUndefined();
    const late = await sessions.create({ subject: 'ada' });
    const lateSession = await verified(sessions, late.accessToken);
    clock.advance('59m');
    // Somebody else's session keeps the subject known to the denylist.
    await sessions.create({ subject: 'ada' });
    clock.advance('1m');
    expect(await sessions.elevate(lateSession)).toBeUndefined();
  });

  it('is refused for one that ran out also where there is no denylist', async () => {
    const { sessions, clock } = arrangeStateless({ denylist: undefined as never });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const session = await verified(sessions, accessToken);
    clock.advance('1h');
    expect(await sessions.elevate(session)).toBeUndefined();
  });

  it('is a mistake of the caller with anything but a session that was verified or issued here', async () => {
    const { sessions, another } = arrangeStateless();
    const issued = await sessions.create({ subject: 'ada' });
    const foreign = await verified(another(), issued.accessToken);
    for (const target of [
      issued.session.sid,
      { ...issued.session },
      foreign,
      {},
      '',
      issued.accessToken,
    ]) {
      await expect(sessions.elevate(target as string)).rejects.toMatchObject({
        name: 'UsageError',
        code: 'invalid_argument',
      });
    }
    expect(await sessions.elevate(issued.session)).toMatchObject({
      session: { sid: issued.session.sid },
    });
  });
});
