import { describe, expect, it } from 'vitest';
import { openEngine, settled } from './engine.js';

const PAGE = { canRenew: true };

/** Signs in and binds, and presents the cookie unless it is to stay pending. */
async function bind(engine: ReturnType<typeof openEngine>, { isPending = false } = {}) {
  const issued = await engine.sessions.create({ subject: 'ada' });
  const { sid } = issued.session;
  const cookie = (await engine.register(issued.refreshToken))?.refreshToken ?? '';
  if (!isPending) await engine.sessions.present(cookie, PAGE);
  await settled();
  return { sid, cookie, first: issued.refreshToken };
}

describe('a bound session', () => {
  it('is unknown to an engine whose middleware does not bind, by every cookie', async () => {
    const engine = openEngine();
    const { cookie, first } = await bind(engine);
    for (const token of [cookie, first]) {
      const unknown = { ok: false, reason: 'unknown' };
      expect(await engine.unaware.present(token, PAGE)).toEqual(unknown);
      expect(await engine.unaware.refresh(token, { isCookie: true })).toEqual(unknown);
    }
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ ok: true });
  });

  it('ends at a renewal that onRefresh refuses', async () => {
    let isAllowed = true;
    const engine = openEngine({ onRefresh: () => (isAllowed ? undefined : false) });
    const { sid } = await bind(engine);
    expect((await engine.renew(sid)).kind).toBe('renewed');
    isAllowed = false;
    expect(await engine.renew(sid)).toMatchObject({ kind: 'end', cause: 'refused' });
    expect(await engine.sessions.get(sid)).toBeUndefined();
  });

  it('takes the data that onRefresh returns, and is reported as refreshed', async () => {
    const engine = openEngine({ onRefresh: () => ({ role: 'admin' }) });
    const { sid } = await bind(engine);
    const seen: unknown[] = [];
    engine.sessions.on('refreshed', (event) => void seen.push(event));
    await engine.renew(sid);
    expect((await engine.sessions.get(sid))?.data).toEqual({ role: 'admin' });
    expect(seen).toEqual([{ sid, subject: 'ada', replayed: false }]);
  });

  it('never outlives its absolute deadline, nor does its cookie', async () => {
    const engine = openEngine({ absoluteTtl: '20m', idleTtl: '20m', renewAfter: '10m' });
    const { sid } = await bind(engine);
    engine.clock.advance('15m');
    const renewal = await engine.renew(sid);
    expect(renewal).toMatchObject({ kind: 'renewed' });
    const { cookie } = renewal as Extract<typeof renewal, { kind: 'renewed' }>;
    expect(cookie.expiresAt - engine.clock.now()).toBe(300_000);
    engine.clock.advance('5m');
    expect(await engine.renew(sid)).toEqual({ kind: 'refused' });
    expect(await engine.sessions.present(cookie.refreshToken, PAGE)).toMatchObject({ ok: false });
  });

  it('keeps the cookies of eight renewals, and no more', async () => {
    const engine = openEngine();
    const { sid, cookie } = await bind(engine);
    for (let renewals = 0; renewals < 7; renewals += 1) await engine.renew(sid);
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ ok: true });
    await engine.renew(sid);
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ reason: 'unbound' });
  });
});

describe('a sign-in that is not remembered, and a guest', () => {
  it('are not bound', async () => {
    const engine = openEngine();
    const issued = await engine.sessions.create({ subject: 'ada', remember: false });
    expect(await engine.register(issued.refreshToken)).toBeUndefined();
    const guest = await engine.sessions.createGuest();
    expect(await engine.register(guest.refreshToken)).toBeUndefined();
  });
});

describe('a binding whose cookie was never presented', () => {
  it('binds nothing yet, and is dropped by a renewal of the first cookie', async () => {
    const engine = openEngine({ renewAfter: '10m' });
    const { sid, first, cookie } = await bind(engine, { isPending: true });
    expect((await engine.sessions.get(sid))?.binding).toBeUndefined();
    engine.clock.advance('10m');
    const renewed = await engine.sessions.present(first, PAGE);
    expect(renewed).toMatchObject({ ok: true, renewal: {} });
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ reason: 'unknown' });
    expect(await engine.renew(sid)).toEqual({ kind: 'refused' });
  });

  it('leaves the first cookie as it is for the overlap, so that the two cannot cross', async () => {
    const engine = openEngine({ renewAfter: '1m', overlap: '5m' });
    const { first, cookie } = await bind(engine, { isPending: true });
    engine.clock.advance('299s');
    const kept = await engine.sessions.present(first, PAGE);
    expect(kept.ok && kept.renewal).toBe(undefined);
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({
      session: { binding: { kind: 'dbsc' } },
    });
  });

  it('is dropped by a re-authentication, whose cookie is one of seven days', async () => {
    const engine = openEngine();
    const { sid, cookie } = await bind(engine, { isPending: true });
    const elevated = await engine.sessions.elevate(sid);
    expect(elevated?.session.binding).toBeUndefined();
    engine.clock.advance('1h');
    const token = elevated?.refreshToken ?? '';
    expect(await engine.sessions.present(token, PAGE)).toMatchObject({ ok: true });
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ ok: false });
  });
});

describe('a re-authentication of a bound session', () => {
  it('leaves the earlier cookie good for single requests, without the newer proof', async () => {
    const engine = openEngine();
    const { sid, cookie } = await bind(engine);
    engine.clock.advance('1m');
    const elevated = await engine.sessions.elevate(sid, { acr: 'two' });
    const earlier = await engine.sessions.present(cookie, PAGE);
    expect(earlier).toMatchObject({ ok: true, session: { binding: { kind: 'dbsc' } } });
    expect(earlier.ok && earlier.session.acr).toBeUndefined();
    const token = elevated?.refreshToken ?? '';
    expect(await engine.sessions.present(token, PAGE)).toMatchObject({ session: { acr: 'two' } });
    await settled();
    expect(await engine.sessions.present(cookie, PAGE)).toMatchObject({ reason: 'unbound' });
  });
});

describe('the refresh route with cookies of a bound session', () => {
  const CODE = { isCookie: true };

  it('gives the first cookie an access token for the overlap, and does not rotate it', async () => {
    const engine = openEngine({ renewAfter: '1m', overlap: '5m' });
    const { first } = await bind(engine);
    engine.clock.advance('4m');
    const kept = await engine.sessions.refresh(first, CODE);
    expect(kept).toMatchObject({ ok: true, refreshToken: first });
    engine.clock.advance('1m');
    expect(await engine.sessions.refresh(first, CODE)).toMatchObject({ reason: 'unbound' });
  });

  it('gives a cookie the same access token until half of it is spent, and one that ends with the cookie', async () => {
    const engine = openEngine({ accessTtl: '4m' });
    const { cookie } = await bind(engine);
    const tokens: (string | undefined)[] = [];
    const ends: number[] = [];
    for (const minute of [0, 1, 2, 8, 9]) {
      engine.clock.set(Date.UTC(2026, 0, 1, 0, minute));
      const result = await engine.sessions.refresh(cookie, CODE);
      if (!result.ok) throw new Error(result.reason);
      expect(await engine.sessions.verify(result.accessToken)).toMatchObject({ ok: true });
      tokens.push(result.accessToken);
      ends.push((result.accessTokenExpiresAt - Date.UTC(2026, 0, 1)) / 60_000);
    }
    expect(new Set(tokens).size).toBe(3);
    expect(ends).toEqual([4, 4, 6, 10, 10]);
  });
});
