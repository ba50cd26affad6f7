import { createSessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrangeJwt, arrangeStateless, claimsOf, good } from './engines.js';

describe('expireAccess', () => {
  it('ends the access tokens of a subject, whose sessions get new claims by a refresh', async () => {
    const roles = new Map([['ada', 'user']]);
    const { sessions } = arrangeJwt({
      tokens: { claims: ({ subject }) => ({ role: roles.get(subject) ?? 'none' }) },
    });
    const [first, second] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    const other = await sessions.create({ subject: 'bob' });
    roles.set('ada', 'admin');
    await sessions.expireAccess('ada');
    for (const { accessToken, refreshToken } of [first, second]) {
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
      const next = good(await sessions.refresh(refreshToken));
      expect(claimsOf(next.accessToken)).toMatchObject({ role: 'admin' });
      expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    }
    expect(await sessions.verify(other.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.list('ada')).toHaveLength(2);
  });

  it('gives a valid token to a refresh that was spent before and is repeated', async () => {
    const { sessions } = arrangeJwt();
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.refreshToken));
    await sessions.expireAccess('ada');
    const again = good(await sessions.refresh(first.refreshToken));
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(await sessions.verify(again.accessToken)).toMatchObject({ ok: true });
  });

  it('has no effect where tokens are looked up', async () => {
    const { sessions } = arrangeJwt({ tokens: { revocation: 'store' } });
    for (const engine of [sessions, createSessions({ logger: silentLogger })]) {
      const { accessToken } = await engine.create({ subject: 'ada' });
      await engine.expireAccess('ada');
      expect(await engine.verify(accessToken)).toMatchObject({ ok: true });
    }
  });

  it('is refused where tokens live until they expire, and without a store', async () => {
    const none = arrangeJwt({ tokens: { revocation: 'none' } }).sessions;
    await expect(none.expireAccess('ada')).rejects.toMatchObject({ code: 'not_revocable' });
    const { sessions } = arrangeStateless();
    await expect(sessions.expireAccess('ada')).rejects.toMatchObject({ code: 'not_supported' });
  });

  it('refuses what is not a subject', async () => {
    const { sessions } = arrangeJwt();
    await expect(sessions.expireAccess('')).rejects.toMatchObject({ code: 'invalid_subject' });
  });
});
