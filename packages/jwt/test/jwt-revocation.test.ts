import { memoryStore } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { createWrite } from '../../../test/kit.js';
import { arrangeJwt, claimsOf, good, settle } from './engines.js';

/** What each mode makes of the access token of something that has ended. */
const ENDED = {
  store: { ok: false, reason: 'unknown' },
  denylist: { ok: false, reason: 'revoked' },
} as const;
const MODES = ['store', 'denylist'] as const;

describe.each(MODES)('what revokes access tokens without delay, revocation: %s', (revocation) => {
  const dead = ENDED[revocation];
  const arrange = (engine = {}) => arrangeJwt({ engine, tokens: { revocation } });

  it('is the end of their session, on every engine there is [life.logout]', async () => {
    const { sessions, another } = arrange();
    const { accessToken, session, refreshToken } = await sessions.create({ subject: 'ada' });
    const next = good(await sessions.refresh(refreshToken));
    const neighbour = await sessions.create({ subject: 'ada' });
    const process = another();
    expect(await process.revoke(session.sid)).toBe(true);
    for (const engine of [sessions, process]) {
      expect(await engine.verify(accessToken)).toEqual(dead);
      expect(await engine.verify(next.accessToken)).toEqual(dead);
      expect(await engine.verify(neighbour.accessToken)).toMatchObject({ ok: true });
      expect(await engine.refresh(next.refreshToken)).toMatchObject({ ok: false });
    }
  });

  it('is a logout by either token, one that has run out included', async () => {
    const { sessions, clock } = arrange();
    const byAccess = await sessions.create({ subject: 'ada' });
    const byRefresh = await sessions.create({ subject: 'ada' });
    const late = await sessions.create({ subject: 'ada' });
    expect(await sessions.end({ accessToken: byAccess.accessToken })).toBe(true);
    expect(await sessions.end({ refreshToken: byRefresh.refreshToken })).toBe(true);
    expect(await sessions.end({ accessToken: byAccess.accessToken })).toBe(false);
    expect(await sessions.verify(byAccess.accessToken)).toEqual(dead);
    expect(await sessions.verify(byRefresh.accessToken)).toEqual(dead);
    clock.advance('16m');
    expect(await sessions.end({ accessToken: late.accessToken })).toBe(true);
    expect(await sessions.refresh(late.refreshToken)).toMatchObject({ ok: false });
  });

  it('is revokeAll, but for the session that is kept, whose next ones are good as well [life.everywhere, life.others]', async () => {
    const { sessions } = arrange();
    const [kept, other] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    const bob = await sessions.create({ subject: 'bob' });
    expect(await sessions.revokeAll('ada', { except: kept.session.sid })).toBe(1);
    expect(await sessions.verify(other.accessToken)).toEqual(dead);
    expect(await sessions.verify(kept.accessToken)).toMatchObject({ ok: true });
    const next = good(await sessions.refresh(kept.refreshToken));
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeAll('ada', { except: kept.session.sid })).toBe(0);
    expect(await sessions.verify(kept.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeAll('ada')).toBe(1);
    for (const { accessToken } of [kept, next])
      expect(await sessions.verify(accessToken)).toEqual(dead);
    const again = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(again.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(bob.accessToken)).toMatchObject({ ok: true });
  });

  it('is not undone by keeping a session that had been ended before', async () => {
    const { sessions } = arrange();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    await sessions.revokeAll('ada', { except: session.sid });
    await sessions.revokeAll('ada', { except: session.sid });
    expect(await sessions.verify(accessToken)).toEqual(dead);
  });

  it('is eviction by a later sign-in [life.limit-evicts]', async () => {
    const { sessions, clock } = arrange({ maxPerSubject: 2 });
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('1ms');
    const second = await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(first.accessToken)).toEqual(dead);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('is reuse of a refresh token, for all that the session ever had [rotation.reuse]', async () => {
    const { sessions, clock, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    await sessions.verify(second.accessToken);
    await settle();
    clock.advance('10s');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
    for (const { accessToken } of [first, second])
      expect(await sessions.verify(accessToken)).toEqual(dead);
    expect(events.filter(([name]) => name === 'reuse')).toHaveLength(1);
  });

  it('is re-authentication, for every earlier one; the new one is good [tokens.reauthenticated]', async () => {
    const { sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    const elevated = await sessions.elevate(first.session.sid);
    for (const { accessToken } of [first, second])
      expect(await sessions.verify(accessToken)).toEqual(dead);
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    const next = good(await sessions.refresh(elevated?.refreshToken));
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
  });

  it('is a ninth one beside it, for the oldest of the eight before', async () => {
    const { sessions } = arrange();
    let { refreshToken, accessToken } = await sessions.create({ subject: 'ada' });
    const tokens = [accessToken];
    for (let count = 0; count < 8; count += 1) {
      ({ refreshToken, accessToken } = good(await sessions.refresh(refreshToken)));
      tokens.push(accessToken);
    }
    expect(await sessions.verify(tokens[0])).toEqual(dead);
    for (const token of tokens.slice(1))
      expect(await sessions.verify(token)).toMatchObject({ ok: true });
  });

  it('is a rotation, once the overlap is over, and not a millisecond sooner', async () => {
    const { sessions, clock } = arrange({ accessOverlap: '30s' });
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    clock.advance('29999ms');
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    clock.advance('1ms');
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: false });
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('a rotation without overlap revokes the previous access token', async () => {
    const { sessions } = arrange({ accessOverlap: '0s' });
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: false });
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('is the store having lost writes, for those that it lost as well', async () => {
    const { sessions, faulty, another, clock } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const { record } = await faulty.store.load(first.session.sid);
    if (record === undefined) throw new Error('the session was stored');
    const second = good(await sessions.refresh(first.refreshToken));
    // A replica takes over that the rotation had not reached.
    const store = memoryStore({ clock });
    await store.insert(record, { max: 9, onLimit: 'reject' }, createWrite(clock.now()));
    const afterwards = another({ store });
    expect(await afterwards.refresh(second.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    for (const { accessToken } of [first, second])
      expect(await afterwards.verify(accessToken)).toEqual(dead);
  });
});

describe('tokens that only their expiry ends', () => {
  it('tokens that are never revoked live until their expiry, although their session and its refresh token end', async () => {
    const { sessions, clock, watched } = arrangeJwt({ tokens: { revocation: 'none' } });
    const { accessToken, refreshToken, session } = await sessions.create({ subject: 'ada' });
    expect(await sessions.revoke(session.sid)).toBe(true);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    clock.advance('15m');
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
    expect(watched.calls).toEqual([]);
  });
});

describe('what a denylist is asked', () => {
  it('is nothing more than a version, where a refresh leaves earlier tokens alone', async () => {
    const { sessions, watched, clock } = arrangeJwt();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    watched.calls.length = 0;
    const next = good(await sessions.refresh(refreshToken));
    expect(watched.calls).toEqual(['currentVersion']);
    // A token that ran out needs nobody to deny it.
    clock.advance('16m');
    watched.calls.length = 0;
    await sessions.refresh(next.refreshToken);
    expect(watched.calls).toEqual(['currentVersion']);
  });

  it('is to deny what ran out as well, as long as the leeway accepts it', async () => {
    const { sessions, clock } = arrangeJwt({ tokens: { leeway: '1m' } });
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('15m');
    await sessions.elevate(first.session.sid);
    expect(await sessions.verify(first.accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('a denylist is not called for a refresh token that was never issued', async () => {
    const { sessions, watched } = arrangeJwt();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    watched.calls.length = 0;
    const forged = `${refreshToken.slice(0, -2)}${refreshToken.endsWith('AA') ? 'QA' : 'AA'}`;
    expect(await sessions.refresh(forged)).toMatchObject({ ok: false });
    expect(await sessions.refresh(`srt_${'A'.repeat(32)}${refreshToken.slice(36)}`)).toMatchObject({
      ok: false,
    });
    expect(watched.calls).toEqual([]);
  });
});

describe('two engines on one denylist', () => {
  it('do not cut short what the other has denied for longer', async () => {
    const { sessions, another, clock } = arrangeJwt({ engine: { accessTtl: '1h' } });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    const brief = another({ accessTtl: '1m' });
    await sessions.revoke(session.sid);
    await brief.revoke(session.sid);
    for (let minute = 0; minute < 59; minute += 1) {
      clock.advance('1m');
      await brief.create({ subject: 'ada' });
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    }
  });
});

describe('a denylist that lost everything', () => {
  it('a denylist that lost everything denies all earlier tokens, and a refresh returns a valid one [jwt.flushed]', async () => {
    const { sessions, watched, clock } = arrangeJwt();
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    const ended = await sessions.create({ subject: 'ada' });
    await sessions.revoke(ended.session.sid);
    clock.advance('1ms');
    watched.flush();
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    const next = good(await sessions.refresh(refreshToken));
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
    expect(await sessions.verify(ended.accessToken)).toMatchObject({ ok: false });
  });

  it('gives a repeated refresh the same token with a version that is good again', async () => {
    const { sessions } = arrangeJwt();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const first = good(await sessions.refresh(refreshToken));
    await sessions.revokeAll('ada', { except: first.session.sid });
    const second = good(await sessions.refresh(refreshToken));
    expect(claimsOf(second.accessToken)['jti']).toBe(claimsOf(first.accessToken)['jti']);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });
});
