import { describe, expect, it } from 'vitest';
import { createGuard } from '../../src/http/guard.js';
import type { HttpOptions } from '../../src/http/options.js';
import { type Sent, serve } from './open.js';

const ANY = createGuard<object>();
const CROSS_SITE = { 'sec-fetch-site': 'cross-site' };

/** Requests that carry the cookie which the one before them set, as a browser does. */
function browse(options: HttpOptions = {}) {
  const served = serve({ transport: 'cookie', ...options });
  let jar: string | undefined;
  async function open(sent: Sent = {}, cookie = jar) {
    const headers = { ...(cookie === undefined ? {} : { cookie }), ...sent.headers };
    const opened = served.open({ ...sent, headers });
    await opened.handle();
    return { ...opened, keep: () => keep(opened.cookies) };
  }
  function keep(cookies: readonly (readonly [string, string])[]): void {
    const line = cookies.at(-1)?.[1];
    if (line !== undefined) jar = /=;/.test(line) ? undefined : line.split(';')[0];
  }
  return { ...served, open, jar: () => jar };
}

describe('a visitor without a session', () => {
  it('gets no cookie by looking for a value or at the guest', async () => {
    const { open, faulty } = browse();
    const { request, cookies } = await open();
    expect(request.guest.data).toEqual({});
    expect(await request.take('flash')).toBeUndefined();
    expect(cookies).toEqual([]);
    expect(Object.fromEntries(faulty.calls)).toEqual({});
  });

  it('becomes a guest by the first value, in one write, and gets it with the next request', async () => {
    const { open, faulty } = browse();
    const first = await open();
    await first.request.put('flash', 'saved');
    expect(first.cookies).toEqual([
      ['__Host-sess', expect.stringMatching(/^__Host-sess=srt_.*; Max-Age=3600$/)],
    ]);
    expect(faulty.calls.get('insert')).toBe(1);
    expect(faulty.calls.get('replaceData')).toBeUndefined();
    first.keep();
    const second = await open();
    expect(await second.request.take('flash')).toBe('saved');
    expect(second.cookies).toEqual([]);
    expect(await (await open()).request.take('flash')).toBeUndefined();
  });

  it('becomes a guest by data, and stays the same one by more of it', async () => {
    const { open } = browse();
    const first = await open();
    await first.request.guest.update({ cart: ['tea'] });
    await first.request.guest.update((data) => ({ ...data, theme: 'dark' }));
    await first.request.put('flash', 1);
    expect(first.cookies).toHaveLength(1);
    first.keep();
    const { request } = await open();
    expect(request.guest.data).toEqual({ cart: ['tea'], theme: 'dark' });
    expect(await request.take('flash')).toBe(1);
    const guest = await request.guest.update({ cart: undefined });
    expect(guest.data).toEqual({ theme: 'dark' });
    expect(request.guest.data).toEqual({ theme: 'dark' });
  });
});

describe('a guest whose sid an adapter has shown before it was made', () => {
  it('has that sid, and the value that was put', async () => {
    const { http, open } = browse();
    const first = await open();
    const face = http.faceOf(first.request);
    face.guestSid = 'G'.repeat(32);
    await first.request.put('flash', 'saved');
    expect(face.holder?.sid).toBe('G'.repeat(32));
    first.keep();
    expect(await (await open()).request.take('flash')).toBe('saved');
  });
});

describe('a request that an adapter opens again after its session has ended', () => {
  it('gets a guest with a new sid, in place of the cookie that it was sent with', async () => {
    const { http, open } = browse();
    const first = await open({ method: 'POST' });
    await first.request.start({ subject: 'ada' });
    first.keep();
    const { request, cookies, keep } = await open({ method: 'POST' });
    const face = http.faceOf(request);
    face.guestSid = 'G'.repeat(32);
    await request.end();
    face.reopen();
    await request.put('flash', 'bye');
    expect(face.holder?.sid).toMatch(/^(?!G{32})[\w-]{32}$/);
    expect(cookies.at(-1)?.[1]).toMatch(/^__Host-sess=srt_/);
    keep();
    expect(await (await open()).request.take('flash')).toBe('bye');
  });
});

describe('a guest of a request', () => {
  async function asGuest(options: HttpOptions = {}) {
    const browser = browse(options);
    const first = await browser.open();
    await first.request.guest.update({ cart: ['tea'] });
    first.keep();
    return browser;
  }

  it('is no session: guards refuse it, and every method that needs one [guest.no-session]', async () => {
    const { open } = await asGuest();
    const { request } = await open();
    expect(request.session).toBeNull();
    expect(ANY(request)).toMatchObject({ status: 401 });
    const calls = [
      () => request.current(),
      () => request.update({}),
      () => request.elevate(),
      () => request.list(),
      () => request.endAll(),
      () => request.endOthers(),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'session_required' });
    }
  });

  it('is redirected to the sign-in by a guard that does so', async () => {
    const { open } = await asGuest();
    const headers = { 'sec-fetch-mode': 'navigate' };
    const { request } = await open({ headers });
    expect(createGuard<object>({ redirectTo: '/login' })(request)).toMatchObject({ status: 303 });
  });

  it.each(['/session', '/session/list'])('gets a 401 from GET %s', async (path) => {
    const { http, jar, send } = await asGuest();
    expect(http.routes.length).toBeGreaterThan(2);
    const { reply } = await send({ path, headers: { cookie: jar() } });
    expect(reply).toMatchObject({ status: 401 });
  });

  it('gets no access token, and loses nothing by asking for one', async () => {
    const { open, jar, send } = await asGuest();
    const path = '/session/refresh';
    const { reply, cookies } = await send({ method: 'POST', path, headers: { cookie: jar() } });
    expect([reply?.status, cookies]).toEqual([401, []]);
    expect((await open()).request.guest.data).toEqual({ cart: ['tea'] });
  });

  it('ends by a sign-out, which clears the cookie', async () => {
    const { open, jar, send } = await asGuest();
    const cookie = jar();
    const { reply, cookies } = await send({
      method: 'POST',
      path: '/session/logout',
      headers: { cookie },
    });
    expect(reply?.status).toBe(204);
    expect(cookies.at(-1)?.[1]).toContain('Max-Age=0');
    expect((await open({}, cookie)).request.guest.data).toEqual({});
  });

  it('goes over to the session of a sign-in: the named data and every one-time value', async () => {
    const { open, sessions } = await asGuest();
    const first = await open({ method: 'POST' });
    await first.request.guest.update({ secret: 1 });
    await first.request.put('flash', 'welcome');
    await first.request.start({ subject: 'ada', data: { role: 'user' }, keep: ['cart'] });
    expect(first.request.session?.data).toEqual({ role: 'user', cart: ['tea'] });
    expect(first.request.guest.data).toEqual({});
    first.keep();
    const second = await open();
    expect(ANY(second.request)).toBeUndefined();
    expect(await second.request.take('flash')).toBe('welcome');
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('goes over also if it began with the request that signs in', async () => {
    const { open, sessions } = browse();
    const { request, cookies } = await open({ method: 'POST' });
    await request.put('flash', 'welcome');
    await request.guest.update({ cart: ['tea'] });
    await request.start({ subject: 'ada', keep: ['cart'] });
    expect(request.session?.data).toEqual({ cart: ['tea'] });
    expect(await request.take('flash')).toBe('welcome');
    const [guestCookie] = cookies[0]?.[1].replace('__Host-sess=', '').split(';') ?? [];
    expect(await sessions.present(guestCookie, { canRenew: false })).toMatchObject({
      reason: 'unknown',
    });
  });

  it('is kept while its cookie is renewed', async () => {
    const { open, clock } = await asGuest();
    clock.advance('15m');
    const { request, cookies, keep } = await open();
    expect(request.guest.data).toEqual({ cart: ['tea'] });
    expect(cookies[0]?.[1]).toContain('Max-Age=3600');
    keep();
    clock.advance('50m');
    expect((await open()).request.guest.data).toEqual({ cart: ['tea'] });
  });
});

describe('a request with a session', () => {
  async function signedIn() {
    const browser = browse();
    const first = await browser.open({ method: 'POST' });
    await first.request.start({ subject: 'ada' });
    first.keep();
    return browser;
  }

  it('puts and takes values of the session', async () => {
    const { open } = await signedIn();
    const { request, cookies } = await open();
    await request.put('flash', 'saved', '1m');
    expect(await (await open()).request.take('flash')).toBe('saved');
    expect(cookies).toEqual([]);
  });

  it('has no guest, and refuses to make one', async () => {
    const { open } = await signedIn();
    const { request } = await open();
    expect(request.guest.data).toEqual({});
    await expect(request.guest.update({ cart: [] })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it.each(['end', 'endAll'] as const)('makes no guest by a write after %s', async (method) => {
    const { open } = await signedIn();
    const { request, cookies } = await open({ method: 'POST' });
    await request[method]();
    cookies.length = 0;
    const writes = [() => request.put('flash', 'bye'), () => request.guest.update({ a: 1 })];
    for (const write of writes) {
      await expect(write()).rejects.toMatchObject({ code: 'session_ended' });
    }
    expect(await request.take('flash')).toBeUndefined();
    expect(cookies).toEqual([]);
  });

  it('makes no guest by a write that comes after a sign-out of another request', async () => {
    const { open } = await signedIn();
    const slow = await open({ method: 'POST' });
    await (await open({ method: 'POST' })).request.end();
    for (const write of [() => slow.request.put('flash', 1), () => slow.request.guest.update({})]) {
      await expect(write()).rejects.toMatchObject({ code: 'session_ended' });
    }
    expect(slow.request.session).toBeNull();
    expect(slow.cookies).toEqual([]);
  });

  it('ends the session that it has started itself', async () => {
    const { open, sessions } = browse();
    const { request } = await open({ method: 'POST' });
    await request.start({ subject: 'ada' });
    await request.end();
    expect(await sessions.list('ada')).toEqual([]);
  });
});

describe('a guest whose data changes in a late request', () => {
  it('does not come back, and takes the cookie of no newer sign-in', async () => {
    const { open } = browse();
    const first = await open();
    await first.request.put('a', 1);
    first.keep();
    const slow = await open({ method: 'POST' });
    await (await open({ method: 'POST' })).request.start({ subject: 'ada' });
    await expect(slow.request.guest.update({ a: 1 })).rejects.toMatchObject({
      code: 'session_ended',
    });
    await expect(slow.request.put('flash', 1)).rejects.toMatchObject({ code: 'session_ended' });
    expect(slow.cookies).toEqual([]);
  });
});

describe('a request with a cookie whose session is gone', () => {
  it('becomes a guest like one without a cookie: the user must be able to sign in elsewhere', async () => {
    const { open, sessions } = browse();
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    const { request, cookies } = await open({}, `__Host-sess=${refreshToken}`);
    await request.put('state', 'xyz');
    expect(cookies).toHaveLength(1);
  });
});

describe('a request with a cookie that was not found dead', () => {
  async function signedIn(options: HttpOptions = {}) {
    const browser = browse(options);
    const first = await browser.open({ method: 'POST' });
    await first.request.start({ subject: 'ada' });
    first.keep();
    return browser;
  }

  it('does not lose it to a guest beside an access token that is refused', async () => {
    const { open } = await signedIn({ transport: 'both', cookie: { clearPaths: ['/old'] } });
    const { request, cookies } = await open({ bearer: 'sat_unknown' });
    expect(request.session).toBeNull();
    await expect(request.put('a', 1)).rejects.toMatchObject({ code: 'session_required' });
    await expect(request.guest.update({})).rejects.toMatchObject({ code: 'session_required' });
    expect(cookies).toEqual([]);
  });

  it('does not lose it to a guest after a failure of the store that counts as anonymous', async () => {
    const { open, faulty } = await signedIn({ onStoreError: 'anonymous' });
    faulty.fail();
    const { request, cookies } = await open();
    faulty.heal();
    await expect(request.put('a', 1)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(cookies).toEqual([]);
  });

  it('does not lose it to a guest beside a second one, which is removed', async () => {
    const { open, jar } = await signedIn({ cookie: { secure: false, path: '/app' } });
    const { request, cookies } = await open({ host: 'localhost' }, `${jar()}; sess=planted`);
    await expect(request.put('a', 1)).rejects.toMatchObject({ code: 'session_required' });
    expect(cookies).toEqual([['sess', 'sess=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']]);
  });
});

describe('parallel writes of one request', () => {
  it('get one guest, which has all of them', async () => {
    const { open } = browse();
    const { request, cookies, keep } = await open();
    await Promise.all([
      request.put('state', 1),
      request.put('verifier', 2),
      request.guest.update({ cart: ['tea'] }),
    ]);
    expect(cookies).toHaveLength(1);
    keep();
    const next = await open();
    expect([await next.request.take('state'), await next.request.take('verifier')]).toEqual([1, 2]);
    expect(next.request.guest.data).toEqual({ cart: ['tea'] });
  });

  it('fail together if the guest cannot be stored, and the next one may succeed', async () => {
    const { open, faulty } = browse();
    const { request, cookies } = await open();
    faulty.fail('insert');
    const failed = await Promise.allSettled([request.put('a', 1), request.put('b', 2)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(cookies).toEqual([]);
    faulty.heal();
    await request.put('a', 1);
    expect(cookies).toHaveLength(1);
  });
});

describe('where no guest can be made', () => {
  it('an unsafe request of another site is refused: its cookie was left out by the browser', async () => {
    const { open } = browse();
    const { request, cookies } = await open({ method: 'POST', headers: CROSS_SITE });
    await expect(request.put('flash', 1)).rejects.toMatchObject({ code: 'cross_site_request' });
    expect(cookies).toEqual([]);
  });

  it('a link from another site is accepted, except with a strict cookie', async () => {
    const lax = await browse().open({ headers: CROSS_SITE });
    await lax.request.put('state', 1);
    expect(lax.cookies).toHaveLength(1);
    const strict = await browse({ cookie: { sameSite: 'strict' } }).open({ headers: CROSS_SITE });
    await expect(strict.request.put('state', 1)).rejects.toMatchObject({
      code: 'cross_site_request',
    });
    expect(strict.cookies).toEqual([]);
  });

  it('an upgrade is refused with a reason', async () => {
    const { request } = await browse().open({ headers: { upgrade: 'websocket' } });
    await expect(request.put('a', 1)).rejects.toMatchObject({ code: 'not_supported' });
    await expect(request.put('a', 1)).rejects.toThrow('upgrade');
  });

  it.each([{}, { refreshTransport: 'body' }] as const)(
    'the transport bearer is refused with a reason, and values work for sessions: %j',
    async (options) => {
      const { sessions, open } = serve(options);
      const { request, handle } = open({ method: 'POST' });
      await handle();
      expect(request.guest.data).toEqual({});
      expect(await request.take('flash')).toBeUndefined();
      for (const write of [() => request.put('a', 1), () => request.guest.update({})]) {
        await expect(write()).rejects.toMatchObject({ code: 'not_supported', status: 501 });
        await expect(write()).rejects.toThrow("'cookie' or 'both'");
      }
      const { accessToken } = await sessions.create({ subject: 'ada' });
      const signedIn = open({ bearer: accessToken });
      await signedIn.handle();
      await signedIn.request.put('flash', 'saved');
      expect(await signedIn.request.take('flash')).toBe('saved');
    },
  );
});
