import { describe, expect, it, vi } from 'vitest';
import { arrange } from './applications.js';
import { ask, createJar } from './jar.js';

// Each test starts two servers.
vi.setConfig({ testTimeout: 60_000 });

/** Signs a user in at the old application. */
async function signedIn(given: Parameters<typeof arrange>[0] = {}) {
  const arranged = await arrange(given);
  const jar = createJar();
  await ask(jar, `${arranged.oldUrl}/login/ada`);
  const me = (how: Parameters<typeof ask>[2] = {}) => ask(jar, `${arranged.newUrl}/me`, how);
  const old = () => ask(jar, `${arranged.oldUrl}/me`);
  const oldCookie = jar.header();
  return { ...arranged, jar, me, old, oldJar: () => createJar(new Map(jar.cookies)), oldCookie };
}

describe('a live session of express-session', () => {
  it('becomes a session with its data at the first request', async () => {
    const { me, sessions, events } = await signedIn();
    const { status, body } = await me();
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: 'ada', data: { cart: ['tea'] } });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(events.map(([name]) => name)).toEqual(['created']);
  });

  it('becomes one session for twenty parallel requests, with one cookie', async () => {
    const { jar, me, sessions, events } = await signedIn();
    const answers = await Promise.all(Array.from({ length: 20 }, () => me()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => (body as { sid: string }).sid)).size).toBe(1);
    expect(new Set(answers.flatMap(({ setCookies }) => setCookies)).size).toBe(1);
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(events).toHaveLength(1);
    expect(jar.cookies.has('sess')).toBe(true);
  });

  it('is the same after a lost response', async () => {
    const { me, sessions } = await signedIn();
    const first = await me({ isLost: true });
    const second = await me();
    expect(second.body).toEqual(first.body);
    expect(second.setCookies.find((line) => line.startsWith('sess='))).toBe(
      first.setCookies.find((line) => line.startsWith('sess=')),
    );
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('ends in the old system when the new cookie has been presented', async () => {
    const { jar, me, old, oldStore } = await signedIn();
    await me();
    expect((await old()).body).toEqual({ user: 'ada' });
    const { setCookies, body } = await me();
    expect(body).toMatchObject({ user: 'ada' });
    expect(setCookies).toContainEqual(expect.stringMatching(/^connect\.sid=; Path=\/.*Max-Age=0/));
    expect(jar.cookies.has('connect.sid')).toBe(false);
    expect(Object.keys(oldStore.sessions ?? {})).toEqual([]);
    expect((await me()).setCookies).toEqual([]);
  });
});

describe('an old cookie', () => {
  /** The user has moved, and has presented the new cookie. */
  async function moved(given: Parameters<typeof arrange>[0] = {}) {
    const arranged = await signedIn(given);
    const oldOnly = arranged.oldJar();
    await arranged.me();
    await arranged.me();
    return { ...arranged, oldOnly, late: () => ask(oldOnly, `${arranged.newUrl}/me`) };
  }

  it('counts for single requests while the overlap lasts, and is then ignored without reuse', async () => {
    const { late, me, clock, events, oldOnly } = await moved();
    expect((await late()).body).toMatchObject({ user: 'ada' });
    expect(oldOnly.cookies.has('sess')).toBe(false);
    clock.advance('6m');
    expect((await late()).body).toMatchObject({ user: null });
    expect((await me()).body).toMatchObject({ user: 'ada' });
    expect(events.map(([name]) => name)).toEqual(['created']);
  });

  it('counts for requests on their way also if the first response was lost an hour ago', async () => {
    const { jar, me, clock, oldJar, newUrl } = await signedIn();
    await me({ isLost: true });
    clock.advance('1h');
    const other = oldJar();
    await me();
    await me();
    expect(jar.cookies.has('connect.sid')).toBe(false);
    expect((await ask(other, `${newUrl}/me`)).body).toMatchObject({ user: 'ada' });
  });

  it.each(['when-seen', 'never'] as const)(
    'does not revive a session that was signed out, with endOld %s',
    async (endOld) => {
      const { jar, late, old, newUrl, sessions, clock, oldOnly, oldUrl } = await moved({
        options: { endOld },
      });
      await ask(jar, `${newUrl}/logout`, { method: 'POST' });
      expect(jar.cookies.has('connect.sid')).toBe(false);
      expect((await ask(oldOnly, `${oldUrl}/me`)).body).toEqual({ user: null });
      for (const pause of ['1s', '2m', '1h'] as const) {
        clock.advance(pause);
        expect((await late()).body).toMatchObject({ user: null });
      }
      expect(await sessions.list('ada')).toEqual([]);
      expect((await old()).body).toEqual({ user: null });
    },
  );

  it('does not revive a session that an administrator ended', async () => {
    const { me, late, sessions, clock } = await moved({ options: { endOld: 'never' } });
    const [session] = await sessions.list('ada');
    await sessions.revoke(session?.sid ?? '');
    clock.advance('20m');
    expect((await me()).body).toMatchObject({ user: null });
    expect((await late()).body).toMatchObject({ user: null });
  });

  it('is signed out before it was taken over', async () => {
    const { jar, newUrl, old, oldCookie, sessions } = await signedIn();
    const signOut = await ask(jar, `${newUrl}/session/logout`, { method: 'POST' });
    expect(signOut.status).toBe(204);
    expect((await old()).body).toEqual({ user: null });
    const copy = createJar([oldCookie.split('=') as [string, string]]);
    expect((await ask(copy, `${newUrl}/me`)).body).toMatchObject({ user: null });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('is refused after all sessions of its user were revoked, also when the store has forgotten that', async () => {
    const { me, sessions, clock } = await signedIn();
    await sessions.revokeAll('ada');
    clock.advance('2h');
    expect((await me()).body).toMatchObject({ user: null });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('gives way to a sign-in of another user', async () => {
    const { jar, me, newUrl, old, oldCookie } = await signedIn();
    await ask(jar, `${newUrl}/login/bob`);
    expect((await me()).body).toMatchObject({ user: 'bob' });
    expect((await old()).body).toEqual({ user: null });
    const copy = createJar([oldCookie.split('=') as [string, string]]);
    expect((await ask(copy, `${newUrl}/me`)).body).toMatchObject({ user: null });
  });

  it('stays good in the old application with endOld never', async () => {
    const { me, old, jar } = await moved({ options: { endOld: 'never' } });
    expect(jar.cookies.has('connect.sid')).toBe(true);
    expect((await old()).body).toEqual({ user: 'ada' });
    expect((await me()).body).toMatchObject({ user: 'ada' });
  });
});

describe('a session that was taken over', () => {
  it('ends with the old session at the latest, and is too old for a step-up guard', async () => {
    const { me, sessions, oldStore } = await signedIn();
    const [text = ''] = Object.values(oldStore.sessions ?? {}) as string[];
    const { cookie } = JSON.parse(text) as { readonly cookie: { readonly expires: string } };
    await me();
    const [session] = await sessions.list('ada');
    expect(session?.authenticatedAt).toBe(0);
    expect(session?.expiresAt).toBeLessThanOrEqual(Date.parse(cookie.expires));
  });

  it('knows when the user signed in, if the application does', async () => {
    const { me, sessions, clock } = await signedIn({
      options: { authenticatedAt: () => 1_000_000 },
    });
    await me();
    expect(await sessions.list('ada')).toMatchObject([
      { authenticatedAt: 1_000_000, createdAt: clock.now() },
    ]);
  });

  it('has a cookie of the browser session if the old one had', async () => {
    const { me } = await signedIn({ cookie: {} });
    const { setCookies } = await me();
    expect(setCookies).toHaveLength(1);
    expect(setCookies[0]).not.toMatch(/max-age/i);
  });

  it('gets its tokens by the refresh route, and the same ones after a lost response', async () => {
    const { jar, newUrl, sessions, old } = await signedIn({ http: { transport: 'bearer' } });
    const refresh = (isLost: boolean) =>
      ask(jar, `${newUrl}/session/refresh`, { method: 'POST', isLost });
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(true)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.flatMap(({ setCookies }) => setCookies)).size).toBe(1);
    const { body } = await refresh(false);
    const { access_token: token } = body as { access_token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(jar, `${newUrl}/me`, { headers })).body).toMatchObject({ user: 'ada' });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect((await refresh(false)).status).toBe(200);
    expect((await old()).body).toEqual({ user: null });
  });
});

describe('a visitor of the old application', () => {
  it('stays without a session, and keeps the old one', async () => {
    const { newUrl, oldUrl, sessions } = await arrange();
    const jar = createJar();
    await ask(jar, `${oldUrl}/visit`);
    expect((await ask(jar, `${newUrl}/me`)).body).toMatchObject({ user: null, data: {} });
    expect([...jar.cookies.keys()]).toEqual(['connect.sid']);
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('becomes one guest with what keep returns', async () => {
    const { newUrl, oldUrl, clock } = await arrange({
      options: { keep: ({ cart }) => ({ cart }) },
    });
    const jar = createJar();
    await ask(jar, `${oldUrl}/visit`);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask(jar, `${newUrl}/me`, { isLost: true })),
    );
    expect(new Set(answers.flatMap(({ setCookies }) => setCookies)).size).toBe(1);
    await ask(jar, `${newUrl}/me`);
    clock.advance('6m');
    const { body } = await ask(jar, `${newUrl}/me`);
    expect(body).toMatchObject({ user: null, data: { cart: ['tea'] } });
    expect([...jar.cookies.keys()]).toEqual(['sess']);
  });
});

describe('hostile and unlucky requests', () => {
  it.each([
    ['a forged signature', (value: string) => `${value.slice(0, -4)}AAAA`],
    ['another session id', (value: string) => value.replace(/s%3A.{8}/, 's%3Aaaaaaaaa')],
    ['no signature', (value: string) => value.replace(/\..*$/, '')],
    ['no prefix', (value: string) => value.replace('s%3A', '')],
    ['broken encoding', () => 's%3A%E0%A4%A'],
    ['a dot alone', () => 's%3A.'],
    ['ten thousand characters', () => `s%3A${'a'.repeat(10_000)}.b`],
  ])('have no session with %s, and nothing is stored', async (_name, damage) => {
    const { newUrl, oldCookie, faulty } = await signedIn();
    const calls: string[] = [];
    for (const name of ['load', 'loadRecord', 'insert'] as const) {
      const original = faulty.store[name] as ((...given: unknown[]) => unknown) | undefined;
      if (original === undefined) continue;
      const counted = (...given: unknown[]): unknown => {
        calls.push(name);
        return original.apply(faulty.store, given);
      };
      Object.assign(faulty.store, { [name]: counted });
    }
    const value = damage(oldCookie.replace('connect.sid=', ''));
    const jar = createJar([['connect.sid', value]]);
    const { status, body } = await ask(jar, `${newUrl}/me`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: null });
    expect(calls).toEqual([]);
  });

  it('have no session with two cookies of the name', async () => {
    const { newUrl, oldCookie } = await signedIn();
    const headers = { cookie: `${oldCookie}; ${oldCookie}` };
    const { body } = await ask(createJar(), `${newUrl}/me`, { headers });
    expect(body).toMatchObject({ user: null });
  });

  it('take nothing over from another site, and are refused by a guard', async () => {
    const { newUrl, jar, sessions } = await signedIn();
    const headers = { 'sec-fetch-site': 'cross-site' };
    const { status } = await ask(jar, `${newUrl}/note`, { method: 'POST', headers });
    expect(status).toBe(403);
    expect(await sessions.list('ada')).toEqual([]);
    const own = await ask(jar, `${newUrl}/note`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(own.status).toBe(200);
  });

  it('do not get a cookie where a response must not set one, and still have a session', async () => {
    const { me } = await signedIn();
    const { body, setCookies } = await me({ headers: { 'sec-purpose': 'prefetch' } });
    expect(body).toMatchObject({ user: 'ada' });
    expect(setCookies).toEqual([]);
    expect((await me()).setCookies).toHaveLength(1);
  });

  it.each([
    ['fail', 503],
    ['anonymous', 200],
  ] as const)('meet a failing old store with onStoreError %s', async (onStoreError, status) => {
    const { me, oldStore, logger } = await signedIn({ http: { onStoreError } });
    const { get } = oldStore;
    oldStore.get = (_sid, done) => done(new Error('connection refused'));
    expect((await me()).status).toBe(status);
    expect(logger.lines.some(({ message }) => message === 'the old session system failed')).toBe(
      true,
    );
    oldStore.get = get;
    expect((await me()).body).toMatchObject({ user: 'ada' });
  });

  it('keep their session while the old store cannot end the old one', async () => {
    const { me, oldStore, jar, clock } = await signedIn();
    await me();
    const { destroy } = oldStore;
    oldStore.destroy = (_sid, done) => done(new Error('connection refused'));
    expect((await me()).body).toMatchObject({ user: 'ada' });
    expect(jar.cookies.has('connect.sid')).toBe(true);
    oldStore.destroy = destroy;
    clock.advance('11s');
    await me();
    expect(jar.cookies.has('connect.sid')).toBe(false);
  });

  it('cannot sign out while the old store fails, and can afterwards', async () => {
    const { newUrl, oldStore, jar, me } = await signedIn({ options: { endOld: 'never' } });
    await me();
    const { destroy } = oldStore;
    oldStore.destroy = (_sid, done) => done(new Error('connection refused'));
    const signOut = () => ask(jar, `${newUrl}/session/logout`, { method: 'POST' });
    expect((await signOut()).status).toBe(503);
    oldStore.destroy = destroy;
    expect((await signOut()).status).toBe(204);
    expect((await me()).body).toMatchObject({ user: null });
  });

  it('have no session if the application cannot read the old one, and the fault is logged', async () => {
    const { me, logger } = await signedIn({
      options: {
        data: () => {
          throw new TypeError('no cart');
        },
      },
    });
    expect((await me()).body).toMatchObject({ user: null });
    expect(logger.lines.some(({ message }) => message.includes('was not taken over'))).toBe(true);
  });
});
