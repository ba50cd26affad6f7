import { AAL1, AAL2, AAL3, createSessions, type Issued, type Lifetimes } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function good<Result extends { readonly ok: boolean }>(result: Result) {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result as Extract<Result, { ok: true }>;
}

async function signIn(given: Lifetimes, options: Parameters<typeof arrange>[0] = {}) {
  const arranged = arrange(options);
  const issued = await arranged.sessions.create({ subject: 'ada', ...given });
  const { sid } = issued.session;
  const record = async () => (await arranged.faulty.store.load(sid)).record;
  return { ...arranged, issued, sid, record };
}

describe('the lifetimes of a sign-in', () => {
  it('are those of the engine, and leave no trace in the record, if the sign-in names none', async () => {
    const { issued, record, clock } = await signIn({ remember: true });
    expect(issued).not.toHaveProperty('persistent');
    expect(issued.session.expiresAt).toBe(clock.now() + 7 * DAY);
    expect((await record())?.data).not.toHaveProperty('life');
  });

  it('are completed by those of the engine', async () => {
    const { issued, record, clock } = await signIn({ idleTtl: '1h' });
    expect(issued.session.expiresAt).toBe(clock.now() + HOUR);
    expect((await record())?.data.life).toEqual({
      idleTtl: HOUR,
      absoluteTtl: 90 * DAY,
      persistent: true,
    });
    expect((await record())?.auth.absoluteExpiresAt).toBe(clock.now() + 90 * DAY);
  });

  it('may be longer than those of the engine', async () => {
    const given = { idleTtl: '100d', absoluteTtl: '300d' } as const;
    const { issued, clock } = await signIn(given);
    expect(issued.session.expiresAt).toBe(clock.now() + 100 * DAY);
  });

  it('the idle time may be as long as the absolute time', async () => {
    const { issued, clock } = await signIn({ idleTtl: '2d', absoluteTtl: '2d' });
    expect(issued.session.expiresAt).toBe(clock.now() + 2 * DAY);
  });

  it('the idle time of the engine gives way to an absolute time of the sign-in', async () => {
    const { record } = await signIn({ absoluteTtl: '2h' }, { idleTtl: '7d' });
    expect((await record())?.data.life?.idleTtl).toBe(2 * HOUR);
  });

  it('survive every refresh, update and elevation, and a migration of the data [life.by-sign-in]', async () => {
    const { issued, sid, sessions, clock, record } = await signIn(
      { idleTtl: '1h', absoluteTtl: '3h', remember: false },
      { migrate: (data) => ({ ...data, migrated: true }), onRefresh: () => ({ asked: true }) },
    );
    const life = { idleTtl: HOUR, absoluteTtl: 3 * HOUR, persistent: false };
    const start = clock.now();
    let { refreshToken } = issued;
    for (let n = 1; n <= 3; n += 1) {
      clock.advance('40m');
      const next = good(await sessions.refresh(refreshToken));
      ({ refreshToken } = next);
      expect(next.persistent).toBe(false);
      expect(next.session.expiresAt).toBe(Math.min(clock.now() + HOUR, start + 3 * HOUR));
      await sessions.update(sid, { n });
      expect((await record())?.data.life).toEqual(life);
    }
    clock.advance('40m');
    const elevated = (await sessions.elevate(sid)) as Issued;
    expect(elevated.persistent).toBe(false);
    expect(elevated.session.expiresAt).toBe(clock.now() + HOUR);
    expect((await record())?.auth.absoluteExpiresAt).toBe(clock.now() + 3 * HOUR);
    expect((await record())?.data.life).toEqual(life);
  });

  it('survive the renewals of a cookie, which name the cookie as one of the browser session', async () => {
    const { issued, sessions, clock } = await signIn({ idleTtl: '1h', remember: false });
    clock.advance('30m');
    const { renewal, session } = good(
      await sessions.present(issued.refreshToken, { canRenew: true }),
    );
    expect(renewal?.persistent).toBe(false);
    expect(session.expiresAt).toBe(clock.now() + HOUR);
  });

  it('end the session, although the engine would keep it [life.idle, life.absolute]', async () => {
    const { issued, sessions, clock } = await signIn({ idleTtl: '10m', absoluteTtl: '25m' });
    clock.advance('10m');
    const refused = { ok: false, reason: 'expired' };
    expect(await sessions.refresh(issued.refreshToken)).toEqual(refused);
    expect(await sessions.verify(issued.accessToken)).toEqual(refused);
    let { refreshToken } = await sessions.create({
      subject: 'ada',
      idleTtl: '10m',
      absoluteTtl: '25m',
    });
    for (let n = 0; n < 3; n += 1) {
      clock.advance('8m');
      ({ refreshToken } = good(await sessions.refresh(refreshToken)));
    }
    clock.advance('1m');
    expect(await sessions.refresh(refreshToken)).toEqual(refused);
  });
});

describe('the times that follow from a short idle time', () => {
  it('an access token lives for half of it at most', async () => {
    const { issued, sessions, clock } = await signIn({ idleTtl: '10m' });
    expect(issued.accessTokenExpiresAt).toBe(clock.now() + 5 * MINUTE);
    clock.advance('5m');
    const next = good(await sessions.refresh(issued.refreshToken));
    expect(next.accessTokenExpiresAt).toBe(clock.now() + 5 * MINUTE);
  });

  it('a cookie is renewed after half of it at the latest, and accepted for six times that', async () => {
    const { issued, sessions, clock } = await signIn({ idleTtl: '60s' });
    const present = (cookie: string) => sessions.present(cookie, { canRenew: true });
    clock.advance('29999ms');
    expect(good(await present(issued.refreshToken))).not.toHaveProperty('renewal');
    clock.advance('1ms');
    let cookie = good(await present(issued.refreshToken)).renewal?.refreshToken ?? '';
    for (let n = 0; n < 5; n += 1) {
      clock.advance('30s');
      cookie = good(await present(cookie)).renewal?.refreshToken ?? '';
    }
    // 150 seconds after it was spent, of 180.
    expect(good(await present(issued.refreshToken))).not.toHaveProperty('renewal');
    clock.advance('30s');
    await present(cookie);
    expect(await present(issued.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });

  it('a session in steady use lives on, and one at rest ends within it', async () => {
    const { issued, sessions, clock } = await signIn({ idleTtl: '2s' });
    let cookie = issued.refreshToken;
    for (let n = 0; n < 20; n += 1) {
      clock.advance('1s');
      const { renewal } = good(await sessions.present(cookie, { canRenew: true }));
      cookie = renewal?.refreshToken ?? cookie;
    }
    clock.advance('2s');
    expect(await sessions.present(cookie, { canRenew: true })).toMatchObject({ ok: false });
  });
});

describe('remember: false', () => {
  it('has an idle time of at most 24 hours', async () => {
    for (const [given, idleTtl] of [
      [{}, DAY],
      [{ idleTtl: '30d' }, DAY],
      [{ idleTtl: '1h' }, HOUR],
      [{ absoluteTtl: '12h' }, 12 * HOUR],
    ] as const) {
      const { record } = await signIn({ remember: false, ...given });
      expect((await record())?.data.life).toMatchObject({ idleTtl, persistent: false });
    }
  });

  it('has the idle time of the engine if that is shorter', async () => {
    const { record } = await signIn({ remember: false }, { idleTtl: '2h' });
    expect((await record())?.data.life?.idleTtl).toBe(2 * HOUR);
  });
});

describe('lifetimes that cannot be meant', () => {
  it.each([
    [{ idleTtl: '2h', absoluteTtl: '1h' }, /^idleTtl \('2h'\) is beyond absoluteTtl \('1h'\)/],
    [{ idleTtl: '100d' }, /^idleTtl \('100d'\) is beyond absoluteTtl \('90d'\)/],
    [{ idleTtl: '401d', absoluteTtl: '500d' }, /^idleTtl: expected at most '400d'/],
    [{ idleTtl: 0 }, /^idleTtl: expected at least '1s'/],
    [{ idleTtl: '1 hour' }, /^idleTtl: expected a duration/],
    [{ absoluteTtl: null }, /^absoluteTtl: expected a duration, got null/],
    [{ absoluteTtl: Number.NaN }, /^absoluteTtl: expected a duration/],
    [{ remember: 'on' }, /^remember: expected true or false, got "on"/],
    [{ remember: null }, /^remember: expected true or false, got null/],
  ])('%j is refused before the store is called', async (given, message) => {
    const { sessions, faulty } = arrange();
    faulty.fail('insert');
    await expect(
      sessions.create({ subject: 'ada', ...(given as Lifetimes) }),
    ).rejects.toMatchObject({ code: 'invalid_option', message: expect.stringMatching(message) });
  });
});

describe('the presets of NIST SP 800-63B-4', () => {
  it.each([
    [AAL1, 7 * DAY, 30 * DAY],
    [AAL2, HOUR, DAY],
    [AAL3, 15 * MINUTE, 12 * HOUR],
  ])('%j are lifetimes of a sign-in', async (preset, idleTtl, absoluteTtl) => {
    const { record } = await signIn(preset);
    expect((await record())?.data.life).toMatchObject({ idleTtl, absoluteTtl });
  });

  it('are options of an engine, too', () => {
    for (const preset of [AAL1, AAL2, AAL3]) expect(() => createSessions(preset)).not.toThrow();
  });
});
