import { describe, expect, it } from 'vitest';
import { arrangeStateless, good } from './engines.js';

const REVOKED = { ok: false, reason: 'revoked' } as const;

describe('revoking what is stateless', () => {
  it('throws without a denylist, wherever it would do nothing', async () => {
    const { sessions, events } = arrangeStateless({ denylist: undefined as never });
    const { session, accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    for (const call of [
      sessions.revoke(session.sid),
      sessions.revoke('no session id'),
      sessions.revokeAll('ada'),
      sessions.revokeAll('ada', { except: session.sid }),
      sessions.revokeToken(accessToken),
      sessions.revokeToken('no token'),
      sessions.end({ accessToken }),
      sessions.end({ refreshToken }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'not_revocable', status: 501 });
    }
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(events.filter(([name]) => name === 'revoked')).toEqual([]);
  });

  it('throws where a store would be needed', async () => {
    const { sessions } = arrangeStateless();
    const { session } = await sessions.create({ subject: 'ada' });
    for (const call of [
      sessions.get(session.sid),
      sessions.list('ada'),
      sessions.update(session.sid, {}),
      sessions.put(session.sid, { name: 'flash', value: 1 }),
      sessions.take(session.sid, 'flash'),
      sessions.createGuest(),
      sessions.updateGuest(session.sid, {}),
    ])
      await expect(call).rejects.toMatchObject({ code: 'not_supported', status: 501 });
  });

  it('spares one session twice in a row, and the tokens that it is exchanged for', async () => {
    const { sessions } = arrangeStateless();
    const kept = await sessions.create({ subject: 'ada' });
    const other = await sessions.create({ subject: 'ada' });
    await sessions.revokeAll('ada', { except: kept.session.sid });
    const next = good(await sessions.refresh(kept.accessToken));
    await sessions.revokeAll('ada', { except: kept.session.sid });
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(other.accessToken)).toEqual(REVOKED);
    expect(await sessions.refresh(other.accessToken)).toEqual(REVOKED);
    expect(await sessions.verify(kept.accessToken)).toEqual(REVOKED);
    await sessions.revokeAll('ada');
    expect(await sessions.verify(next.accessToken)).toEqual(REVOKED);
  });

  it('revives nothing by sparing a session that was ended before', async () => {
    const { sessions } = arrangeStateless();
    const one = await sessions.create({ subject: 'ada' });
    const two = await sessions.create({ subject: 'ada' });
    await sessions.revoke(one.session.sid);
    await sessions.revokeAll('ada', { except: one.session.sid });
    await sessions.revokeAll('ada', { except: two.session.sid });
    await sessions.revokeAll('ada', { except: one.session.sid });
    for (const { accessToken } of [one, two]) {
      expect(await sessions.verify(accessToken)).toEqual(REVOKED);
      expect(await sessions.refresh(accessToken)).toEqual(REVOKED);
    }
  });

  it('denies all of a subject in the very millisecond of a sign-in, and not the next sign-in', async () => {
    const { sessions } = arrangeStateless();
    for (let round = 0; round < 3; round += 1) {
      const { accessToken } = await sessions.create({ subject: 'ada' });
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      await sessions.revokeAll('ada');
      expect(await sessions.verify(accessToken)).toEqual(REVOKED);
    }
  });

  it('revokeToken ends a single token, and returns false for a token that was not valid', async () => {
    const { sessions, clock } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.accessToken));
    expect(await sessions.revokeToken(first.accessToken)).toBe(false);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeToken(second.accessToken)).toBe(true);
    expect(await sessions.revokeToken(second.accessToken)).toBe(false);
    expect(await sessions.refresh(second.accessToken)).toEqual(REVOKED);
    const third = await sessions.create({ subject: 'ada' });
    clock.advance('1h');
    expect(await sessions.revokeToken(third.accessToken)).toBe(false);
    for (const hostile of [undefined, null, 7, {}, '', 'a.b.c'])
      expect(await sessions.revokeToken(hostile)).toBe(false);
  });

  it('lasts as long as the token could live, on every engine with the denylist', async () => {
    const { sessions, another, clock } = arrangeStateless({ ttl: '1h', leeway: '5m' });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    const other = another();
    for (let minute = 0; minute < 64; minute += 1) {
      clock.advance('1m');
      await other.create({ subject: 'ada' });
      expect(await other.verify(accessToken)).toEqual(REVOKED);
    }
    clock.advance('1m');
    expect(await other.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });
});

describe('a logout of a stateless session', () => {
  it('ends it, with every token that it has', async () => {
    const { sessions, events } = arrangeStateless();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    expect(await sessions.end({ accessToken })).toBe(true);
    expect(await sessions.verify(accessToken)).toEqual(REVOKED);
    expect(await sessions.refresh(accessToken)).toEqual(REVOKED);
    expect(await sessions.end({ accessToken })).toBe(false);
    expect(events.filter(([name]) => name === 'revoked')).toEqual([
      ['revoked', { cause: 'logout', sid: session.sid, subject: 'ada' }],
    ]);
  });

  it('a stateless logout ends the session also during a pending refresh, in both orders [rotation.logout]', async () => {
    for (const operation of ['supersede', 'deny'] as const) {
      const { sessions, watched } = arrangeStateless();
      const { accessToken } = await sessions.create({ subject: 'ada' });
      const tokens: string[] = [accessToken];
      watched.before(operation, async () => {
        const result = await sessions.refresh(accessToken);
        if (result.ok) tokens.push(result.accessToken);
      });
      expect(await sessions.end({ accessToken })).toBe(true);
      for (const token of tokens) expect(await sessions.verify(token)).toEqual(REVOKED);
    }
  });

  it('ends it with a token that another tab has exchanged already, and one that has run out', async () => {
    const { sessions, clock } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('30m');
    const second = good(await sessions.refresh(first.accessToken));
    clock.advance('30m');
    expect(await sessions.verify(first.accessToken)).toEqual({ ok: false, reason: 'expired' });
    expect(await sessions.end({ accessToken: first.accessToken })).toBe(true);
    expect(await sessions.verify(second.accessToken)).toEqual(REVOKED);
  });

  it('a stateless logout ends nothing with a token from before a re-authentication, a revoked or a forged one', async () => {
    const { sessions, clock } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada' });
    const elevated = await sessions.elevate(good(await sessions.verify(first.accessToken)).session);
    expect(await sessions.end({ accessToken: first.accessToken })).toBe(false);
    const forged = `${elevated?.accessToken.slice(0, -4)}AAAA`;
    for (const accessToken of [forged, '', 7, null, undefined])
      expect(await sessions.end({ accessToken })).toBe(false);
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    const over = await sessions.create({ subject: 'ada' });
    clock.advance('1h');
    expect(await sessions.end({ accessToken: over.accessToken })).toBe(false);
  });

  it('a stateless logout accepts the token as `refreshToken` too, because both are the same', async () => {
    const { sessions } = arrangeStateless();
    const { refreshToken, accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.end({ refreshToken })).toBe(true);
    expect(await sessions.verify(accessToken)).toEqual(REVOKED);
    await expect(sessions.end({ token: accessToken } as never)).rejects.toMatchObject({
      code: 'invalid_option',
    });
  });
});
