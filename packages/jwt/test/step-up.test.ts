import type { Issued } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { arrangeJwt, arrangeStateless, claimsOf, good } from './engines.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe.each(['none', 'denylist'] as const)('an elevation, revocation: %s', (revocation) => {
  async function signIn() {
    const arranged = arrangeJwt({ tokens: { revocation } });
    const { sessions, clock } = arranged;
    const first = await sessions.create({ subject: 'ada', acr: 'one', amr: ['pwd'] });
    clock.advance('1m');
    const elevated = (await sessions.elevate(first.session.sid, { acr: 'two' })) as Issued;
    const present = (issued: Issued) => sessions.present(issued.refreshToken, { canRenew: true });
    return { ...arranged, first, elevated, present };
  }

  it('has its proof as claims, and verify returns it', async () => {
    const { sessions, first, elevated } = await signIn();
    expect(claimsOf(first.accessToken)).toMatchObject({ acr: 'one', amr: ['pwd'] });
    expect(claimsOf(elevated.accessToken)).toMatchObject({ acr: 'two' });
    expect(claimsOf(elevated.accessToken)).not.toHaveProperty('amr');
    const { session } = good(await sessions.verify(elevated.accessToken));
    expect(session).toMatchObject({ acr: 'two' });
    expect(session).not.toHaveProperty('amr');
  });

  it('leaves the earlier cookie for single requests, until a new signed token is seen', async () => {
    const { sessions, first, elevated, present } = await signIn();
    const { authenticatedAt } = first.session;
    const shown = { ok: true, session: { acr: 'one', authenticatedAt } };
    expect(await present(first)).toMatchObject(shown);
    const again = good(await sessions.refresh(first.refreshToken));
    expect(again.refreshToken).toBe(first.refreshToken);
    expect(await sessions.verify(again.accessToken)).toMatchObject(shown);
    expect(again.accessTokenExpiresAt).toBeLessThanOrEqual(elevated.issuedAt + 300_000);
    await settle();
    expect(await present(first)).toMatchObject(shown);

    expect(await sessions.verify(elevated.accessToken)).toMatchObject({ ok: true });
    await settle();
    expect(await present(first)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    const denied = { ok: false, reason: 'revoked' };
    const expected = revocation === 'denylist' ? denied : { ok: true };
    for (const { accessToken } of [first, again]) {
      expect(await sessions.verify(accessToken)).toMatchObject(expected);
    }
  });
});

describe('an elevation of a stateless session', () => {
  it('has its proof and its data as claims, also after an exchange', async () => {
    const { sessions } = arrangeStateless();
    const first = await sessions.create({ subject: 'ada', acr: 'one', data: { a: 1 } });
    const { session } = good(await sessions.verify(first.accessToken));
    const given = { acr: 'two', amr: ['otp'], data: { b: 2 } };
    const elevated = (await sessions.elevate(session, given)) as Issued;
    expect(claimsOf(elevated.accessToken)).toMatchObject({ acr: 'two', amr: ['otp'], a: 1, b: 2 });
    const next = good(await sessions.refresh(elevated.accessToken));
    expect(next.session).toMatchObject({ acr: 'two', amr: ['otp'], data: { a: 1, b: 2 } });
  });
});
