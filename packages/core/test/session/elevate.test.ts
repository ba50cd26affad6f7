import { createSessions, type Issued, type Sessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrange, settle } from './arrange.js';

const UNKNOWN = { ok: false, reason: 'unknown' };

async function signIn(options: Parameters<typeof arrange>[0] = {}) {
  const arranged = arrange(options);
  const { sessions, clock, faulty } = arranged;
  const first = await sessions.create({ subject: 'ada', acr: 'one', amr: ['pwd'] });
  const { sid } = first.session;
  clock.advance('2m');
  const auth = async () => (await faulty.store.load(sid)).record?.auth;
  const elevate = async (...given: [] | [Parameters<Sessions['elevate']>[1]]) =>
    (await sessions.elevate(sid, ...given)) as Issued;
  /** Every way to present tokens. `verify` first, because it changes nothing. */
  const verify = (token: Issued) => sessions.verify(token.accessToken);
  const present = (token: Issued) => sessions.present(token.refreshToken, { canRenew: true });
  const refresh = (token: Issued) => sessions.refresh(token.refreshToken);
  return { ...arranged, first, sid, auth, elevate, verify, present, refresh };
}

describe('the tokens before an elevation', () => {
  it('count without what the elevation proved, and without a new cookie, until a new one is presented [step-up.page]', async () => {
    const { first, auth, elevate, verify, present, refresh, events } = await signIn();
    const elevated = await elevate({ acr: 'two', amr: ['pwd', 'otp'] });
    expect(elevated.session).toMatchObject({ acr: 'two', amr: ['pwd', 'otp'] });
    const { authenticatedAt } = first.session;
    const shown = { acr: 'one', amr: ['pwd'], authenticatedAt };
    const before = await auth();
    expect(await verify(first)).toMatchObject({ ok: true, session: shown });
    const presented = await present(first);
    expect(presented).toMatchObject({ ok: true, session: shown });
    expect(presented).not.toHaveProperty('renewal');
    expect(await refresh(first)).toMatchObject({
      ok: true,
      session: shown,
      refreshToken: first.refreshToken,
      accessToken: first.accessToken,
    });
    await settle();
    expect(await auth()).toEqual(before);

    expect(await verify(elevated)).toMatchObject({ ok: true, session: { acr: 'two' } });
    await settle();
    expect(await auth()).not.toHaveProperty('former');
    expect((await auth())?.acknowledged).toBe(true);
    for (const use of [verify, present, refresh]) expect(await use(first)).toEqual(UNKNOWN);
    expect(events.map(([name]) => name)).not.toContain('reuse');
    expect(await refresh(elevated)).toMatchObject({ ok: true });
  });

  it.each(['verify', 'present', 'refresh'] as const)(
    'end when a new one is used by %s',
    async (way) => {
      const arranged = await signIn();
      const { first, elevate, verify, present, refresh } = arranged;
      const elevated = await elevate();
      expect(await arranged[way](elevated)).toMatchObject({ ok: true });
      await settle();
      for (const use of [verify, present, refresh]) expect(await use(first)).toEqual(UNKNOWN);
    },
  );

  it('end after overlap in any case, and read unknown, never reused [step-up.bound]', async () => {
    const { first, clock, elevate, verify, present, refresh, events, sid, sessions } =
      await signIn();
    const elevated = await elevate();
    clock.advance('299s');
    expect(await refresh(first)).toMatchObject({ ok: true });
    clock.advance('999ms');
    for (const use of [verify, present]) expect(await use(first)).toMatchObject({ ok: true });
    clock.advance('1ms');
    for (const use of [verify, present, refresh]) expect(await use(first)).toEqual(UNKNOWN);
    expect(events.map(([name]) => name)).not.toContain('reuse');
    expect(await sessions.get(sid)).toBeDefined();
    expect(await refresh(elevated)).toMatchObject({ ok: true });
  });

  it('never outlive the end that the session had, nor their access tokens their time', async () => {
    const { first, clock, elevate, verify, present } = await signIn({
      idleTtl: '4m',
      accessTtl: '130s',
    });
    const elevated = await elevate();
    clock.advance('10s');
    expect(await verify(first)).toEqual(UNKNOWN);
    expect(await present(first)).toMatchObject({ ok: true });
    clock.advance('110s');
    expect(await present(first)).toEqual(UNKNOWN);
    expect(await present(elevated)).toMatchObject({ ok: true });
  });

  it('end with the elevation if overlap is 0', async () => {
    const { first, elevate, auth, verify, present, refresh } = await signIn({ overlap: 0 });
    await elevate();
    expect(await auth()).not.toHaveProperty('former');
    for (const use of [verify, present, refresh]) expect(await use(first)).toEqual(UNKNOWN);
  });

  it('get a new access token, which ends with them, where theirs has run out', async () => {
    const { first, clock, elevate, verify, present, refresh, auth } = await signIn({
      accessTtl: '130s',
    });
    const elevated = await elevate();
    const end = clock.now() + 300_000;
    clock.advance('10s');
    expect(await verify(first)).toEqual(UNKNOWN);
    const again = (await refresh(first)) as Issued;
    expect(again).toMatchObject({ ok: true, refreshToken: first.refreshToken });
    expect(again.accessTokenExpiresAt).toBe(clock.now() + 130_000);
    const { authenticatedAt } = first.session;
    expect(await verify(again)).toMatchObject({ ok: true, session: { authenticatedAt } });
    clock.advance('200s');
    const last = (await refresh(first)) as Issued;
    expect(last.accessTokenExpiresAt).toBe(end);
    expect((await refresh(first)) as Issued).toMatchObject({ accessToken: last.accessToken });
    await present(elevated);
    await settle();
    expect(await auth()).not.toHaveProperty('former');
    for (const token of [first, again, last]) expect(await verify(token)).toEqual(UNKNOWN);
  });

  it('belong to the session: a sign-out with them ends it, as long as they count', async () => {
    for (const name of ['refreshToken', 'accessToken'] as const) {
      const { first, elevate, sessions, sid, verify } = await signIn();
      const elevated = await elevate();
      expect(await sessions.end({ [name]: first[name] })).toBe(true);
      expect(await sessions.get(sid)).toBeUndefined();
      expect(await verify(elevated)).toEqual(UNKNOWN);
    }
    const { first, elevate, sessions, sid, verify } = await signIn();
    await verify(await elevate());
    await settle();
    expect(await sessions.end({ refreshToken: first.refreshToken })).toBe(false);
    expect(await sessions.get(sid)).toBeDefined();
  });

  it('are no match for forged ones', async () => {
    const { first, elevate, sessions } = await signIn();
    await elevate();
    const forged = first.refreshToken.replace(/..$/, 'AA');
    expect(await sessions.refresh(forged)).toEqual(UNKNOWN);
    expect(await sessions.present(forged, { canRenew: true })).toEqual(UNKNOWN);
  });
});

describe('a second elevation before a token of the first was presented', () => {
  it('leaves the tokens before the first, of the first and of the second, so that no order of responses signs the user out [step-up.twice]', async () => {
    const { first, elevate, verify, present, refresh } = await signIn();
    const [second, third] = await Promise.all([elevate({ acr: 'two' }), elevate({ acr: 'two' })]);
    for (const token of [first, second, third]) {
      expect(await present(token as Issued)).toMatchObject({ ok: true });
      if (token === third) break;
      expect(await refresh(token as Issued)).toMatchObject({ ok: true });
    }
    await settle();
    for (const token of [first, second]) expect(await verify(token as Issued)).toEqual(UNKNOWN);
  });

  it('a lost response costs one more re-authentication within overlap', async () => {
    const { first, clock, elevate, present, sessions, sid } = await signIn();
    await elevate({ acr: 'two' });
    clock.advance('4m');
    expect(await present(first)).toMatchObject({ ok: true, session: { acr: 'one' } });
    const again = (await sessions.elevate(sid, { acr: 'two' })) as Issued;
    expect(await present(again)).toMatchObject({ ok: true, session: { acr: 'two' } });
  });

  it('keeps a bounded number of families: the first one and the newest', async () => {
    const { first, elevate, present, auth } = await signIn();
    const all: Issued[] = [first];
    for (let n = 0; n < 6; n += 1) all.push(await elevate());
    expect((await auth())?.former).toHaveLength(3);
    const accepted = await Promise.all(
      all.slice(0, -1).map(async (token) => (await present(token)).ok),
    );
    expect(accepted).toEqual([true, false, false, false, true, true]);
  });
});

describe('the proof of a session', () => {
  it('is that of the newest authentication, through refreshes and renewals', async () => {
    const { first, sessions, elevate, refresh, clock } = await signIn();
    expect(first.session).toMatchObject({ acr: 'one', amr: ['pwd'] });
    expect(await refresh(first)).toMatchObject({ session: { acr: 'one', amr: ['pwd'] } });
    const second = await elevate({ acr: 'two' });
    expect(second.session).not.toHaveProperty('amr');
    clock.advance('15m');
    const renewed = await sessions.present(second.refreshToken, { canRenew: true });
    expect(renewed).toMatchObject({ session: { acr: 'two' }, renewal: {} });
    const third = await elevate();
    expect(third.session).not.toHaveProperty('acr');
  });

  it.each([
    [{ acr: 'with space' }],
    [{ acr: 'with "quotes"' }],
    [{ acr: '' }],
    [{ acr: 'é' }],
    [{ acr: 1 }],
    [{ amr: 'pwd' }],
    [{ amr: ['a b'] }],
    [{ amr: Array(17).fill('x') }],
    [{ other: 1 }],
  ])('%j is refused by create and by elevate', async (given) => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const wrong = given as never;
    const refused = { code: 'invalid_option' };
    await expect(sessions.elevate(session.sid, wrong)).rejects.toMatchObject(refused);
    await expect(sessions.create({ subject: 'ada', ...(given as object) })).rejects.toMatchObject(
      refused,
    );
  });
});

describe('the data of an elevation', () => {
  it('is merged in the write of the tokens', async () => {
    const { sessions, faulty, sid } = await signIn();
    await sessions.update(sid, { kept: 1, changed: 1 });
    const writes = () =>
      ['replaceAuth', 'replaceData'].map((name) => faulty.calls.get(name as 'load') ?? 0);
    const [auth = 0, data = 0] = writes();
    const elevated = await sessions.elevate(sid, { data: { changed: 2 } });
    expect(elevated?.session.data).toEqual({ kept: 1, changed: 2 });
    expect(writes()).toEqual([auth + 1, data]);
    expect(await sessions.get(sid)).toMatchObject({ data: { kept: 1, changed: 2 } });
  });

  it('is applied to the current data if an update comes first', async () => {
    const { sessions, sid } = await signIn();
    const results = await Promise.all([
      sessions.elevate(sid, { data: (data) => ({ ...data, elevated: true }) }),
      sessions.update(sid, { updated: true }),
      sessions.elevate(sid, { data: { again: true } }),
    ]);
    expect(results).not.toContain(undefined);
    const data = { elevated: true, updated: true, again: true };
    expect(await sessions.get(sid)).toMatchObject({ data });
  });

  it('that is refused leaves tokens and data as they were', async () => {
    const { first, sessions, sid, verify } = await signIn({ maxDataLength: 64 });
    const data = { text: 'x'.repeat(100) };
    await expect(sessions.elevate(sid, { data })).rejects.toMatchObject({ code: 'data_too_large' });
    expect(await sessions.get(sid)).toMatchObject({ data: {}, acr: 'one' });
    expect(await verify(first)).toMatchObject({ ok: true });
  });
});

describe('elevate with lifetimes', () => {
  it('gives the session those of the call, which every later renewal keeps [life.by-sign-in]', async () => {
    const { elevate, refresh, clock } = await signIn();
    const elevated = await elevate({ idleTtl: '1h', remember: false });
    expect(elevated.persistent).toBe(false);
    expect(elevated.session.expiresAt - clock.now()).toBe(3_600_000);
    clock.advance('20m');
    const renewed = await refresh(elevated);
    expect(renewed).toMatchObject({ ok: true, persistent: false });
    expect(renewed.ok && renewed.session.expiresAt - clock.now()).toBe(3_600_000);
  });

  it('keeps those of the session when none are named, and drops them with `remember: true`', async () => {
    const { sessions, clock } = await signIn();
    const { session } = await sessions.create({ subject: 'ada', idleTtl: '1h', remember: false });
    const same = (await sessions.elevate(session.sid)) as Issued;
    expect(same.session.expiresAt - clock.now()).toBe(3_600_000);
    expect(same.persistent).toBe(false);
    const other = (await sessions.elevate(session.sid, { remember: true })) as Issued;
    expect(other.session.expiresAt - clock.now()).toBe(7 * 86_400_000);
    expect(other).not.toHaveProperty('persistent');
  });

  it('writes lifetimes and data together', async () => {
    const { elevate, sid, sessions, clock, faulty } = await signIn();
    const before = faulty.calls.get('replaceAuth') ?? 0;
    const { session } = await elevate({ idleTtl: '1h', data: { step: 2 } });
    expect(session).toMatchObject({ data: { step: 2 }, expiresAt: clock.now() + 3_600_000 });
    expect(await sessions.get(sid)).toEqual(session);
    expect(faulty.calls.get('replaceAuth')).toBe(before + 1);
  });

  it('refuses a wrong lifetime and changes nothing', async () => {
    const { elevate, auth } = await signIn();
    const before = await auth();
    await expect(elevate({ idleTtl: '0s' })).rejects.toThrow(/idleTtl/);
    expect(await auth()).toEqual(before);
  });
});

describe('the data of a session', () => {
  it('is not written by an elevation that changes none of it', async () => {
    const { sid, faulty, elevate } = await signIn();
    const versions = async () => {
      const { record } = await faulty.store.load(sid);
      return [record?.authVersion, record?.dataVersion];
    };
    expect(await versions()).toEqual([1, 1]);
    await elevate({ acr: 'two' });
    expect(await versions()).toEqual([2, 1]);
    await elevate({ data: { a: 1 } });
    expect(await versions()).toEqual([3, 2]);
  });

  it('is read from memory by a token from before the elevation', async () => {
    const sessions = createSessions({ logger: silentLogger });
    const { accessToken, session } = await sessions.create({ subject: 'ada', acr: 'one' });
    await sessions.elevate(session.sid, { acr: 'two' });
    // No promise: it was not read from the store.
    expect(sessions.verify(accessToken)).toMatchObject({ ok: true, session: { acr: 'one' } });
  });
});
