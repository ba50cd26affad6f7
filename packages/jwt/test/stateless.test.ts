import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createStatelessSessions, memoryDenylist } from '../src/index.js';

function arrange(more: object = {}) {
  const clock = createFakeClock();
  const sessions = createStatelessSessions({
    keys: 'a secret of at least thirty-two bytes',
    issuer: 'https://api.example.com',
    audience: 'api',
    denylist: memoryDenylist(),
    clock,
    logger: silentLogger,
    ...more,
  });
  return { clock, sessions };
}

describe('stateless sessions', () => {
  it('verifies what it created, with its data', async () => {
    const { sessions } = arrange();
    const { accessToken, session } = await sessions.create({
      subject: 'ada',
      data: { role: 'admin' },
    });
    expect(await sessions.verify(accessToken)).toEqual({ ok: true, session });
  });

  it('gives everyone who refreshes one token the same successor, and ends the token', async () => {
    const { sessions } = arrange();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const [left, right] = await Promise.all([
      sessions.refresh(accessToken),
      sessions.refresh(accessToken),
    ]);
    expect(left.ok && right.ok && left.accessToken === right.accessToken).toBe(true);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.verify(left.ok && left.accessToken)).toMatchObject({ ok: true });
  });

  it('gives no successor to a token that was exchanged longer ago than the grace', async () => {
    const { sessions, clock } = arrange();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    await sessions.refresh(accessToken);
    clock.advance('10s');
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('a stateless re-authentication ends all earlier tokens of the session', async () => {
    const { sessions } = arrange();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const verified = await sessions.verify(accessToken);
    const refreshed = await sessions.refresh(accessToken);
    const elevated = await sessions.elevate(verified.ok ? verified.session : '');
    expect(await sessions.verify(refreshed.ok && refreshed.accessToken)).toMatchObject({
      ok: false,
    });
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
  });

  it('throws where nothing could be revoked', async () => {
    const { sessions } = arrange({ denylist: undefined });
    const { session, accessToken } = await sessions.create({ subject: 'ada' });
    await expect(sessions.revoke(session.sid)).rejects.toMatchObject({ code: 'not_revocable' });
    await expect(sessions.revokeAll('ada')).rejects.toMatchObject({ code: 'not_revocable' });
    await expect(sessions.end({ accessToken })).rejects.toMatchObject({ code: 'not_revocable' });
  });

  it('revokes a token, a session, and all of a subject but one', async () => {
    const { sessions } = arrange();
    const [one, two, three] = await Promise.all(
      ['ada', 'ada', 'ada'].map((subject) => sessions.create({ subject })),
    );
    if (!one || !two || !three) throw new Error('three sessions were created');
    expect(await sessions.revokeToken(one.accessToken)).toBe(true);
    expect(await sessions.verify(one.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    await sessions.revokeAll('ada', { except: two.session.sid });
    expect(await sessions.verify(two.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(three.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    await sessions.revoke(two.session.sid);
    expect(await sessions.verify(two.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    const four = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(four.accessToken)).toMatchObject({ ok: true });
  });
});
