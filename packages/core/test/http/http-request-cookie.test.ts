import { SessError, type Sessions, type SessionsOptions, StoreUnavailableError } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { describe, expect, it } from 'vitest';
import { CSRF_VARY } from '../../src/http/csrf.js';
import { createGuard } from '../../src/http/guard.js';
import { bodyOf, type Sent, serve } from './open.js';

const ANY = createGuard<object>();
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const CROSS_SITE = { 'sec-fetch-site': 'cross-site' };
const NAVIGATION = { 'sec-fetch-mode': 'navigate' };

/** A user with a cookie, and requests that carry it. */
async function signedIn(options: HttpOptions = {}, engine: SessionsOptions = {}) {
  let change: Partial<Sessions> = {};
  const served = serve({ transport: 'both', ...options }, engine, () => ({
    ...sessions,
    ...change,
  }));
  const { sessions } = served;
  const { refreshToken, session } = await sessions.create({ subject: 'ada' });
  const name = options.cookie?.secure === false ? 'sess' : '__Host-sess';
  const cookie = `${name}=${refreshToken}`;
  const open = (sent: Sent = {}) => served.open({ ...sent, headers: { cookie, ...sent.headers } });
  async function authenticated(sent?: Sent) {
    const opened = open(sent);
    return { ...opened, reply: await opened.handle() };
  }
  /** Replaces methods of the engine. */
  const replace = (methods: Partial<Sessions>) => {
    change = methods;
  };
  return { ...served, cookie, sid: session.sid, refreshToken, open, authenticated, replace };
}

describe('a cookie as the credential', () => {
  it('identifies a safe request from any source, which does not depend on the source', async () => {
    const { authenticated } = await signedIn();
    const { request, reply, varied, cookies } = await authenticated({ headers: CROSS_SITE });
    expect(reply).toBeUndefined();
    expect(request.session?.subject).toBe('ada');
    expect(ANY(request)).toBeUndefined();
    expect([varied, cookies]).toEqual([[], []]);
  });

  it('identifies an unsafe request from an allowed source, on which the response depends', async () => {
    const { authenticated } = await signedIn();
    const own = await authenticated({ method: 'POST', headers: SAME_ORIGIN });
    expect(own.request.session?.subject).toBe('ada');
    expect(own.varied).toEqual([CSRF_VARY]);
    const other = await authenticated({ method: 'POST', headers: CROSS_SITE });
    expect(other.request.session).toBeNull();
    expect(ANY(other.request)).toMatchObject({ status: 403 });
    expect(other.cookies).toEqual([]);
  });

  it('is missing, not refused, in a request of another site that carries none', async () => {
    const { authenticated } = await signedIn();
    const headers = { ...CROSS_SITE, cookie: undefined };
    const { request, varied } = await authenticated({ method: 'POST', headers });
    expect(varied).toEqual([]);
    expect(bodyOf(await ANY(request))).toMatchObject({ status: 401, code: 'session_required' });
  });

  it('identifies an upgrade from an allowed source only, although its method is safe', async () => {
    const { authenticated } = await signedIn();
    const upgrade = (headers: object) =>
      authenticated({ headers: { upgrade: 'websocket', ...headers } });
    expect((await upgrade(SAME_ORIGIN)).request.session?.subject).toBe('ada');
    const { request } = await upgrade(CROSS_SITE);
    expect(request.session).toBeNull();
    expect(ANY(request)).toMatchObject({ status: 403 });
  });

  it('does not count with the transport of bearer tokens', async () => {
    const { authenticated } = await signedIn({ transport: 'bearer' });
    const { request, varied } = await authenticated();
    expect(request.session).toBeNull();
    expect(varied).toEqual([]);
  });

  it('does not count beside a bearer token, on which a response depends alone', async () => {
    const { sessions, authenticated } = await signedIn();
    const bob = await sessions.create({ subject: 'bob' });
    const { request, chosen, varied } = await authenticated({ bearer: bob.accessToken });
    expect(request.session?.subject).toBe('bob');
    const refused = await authenticated({ bearer: 'sat_unknown' });
    expect(refused.request.session).toBeNull();
    expect([chosen, varied, refused.varied]).toEqual([[], [], []]);
    expect(bodyOf(await ANY(refused.request))).toMatchObject({ code: 'invalid_token' });
  });

  it('counts alone with the transport of cookies', async () => {
    const { sessions, authenticated } = await signedIn({ transport: 'cookie' });
    const bob = await sessions.create({ subject: 'bob' });
    expect((await authenticated({ bearer: bob.accessToken })).request.session).toBeNull();
    expect((await authenticated()).request.session?.subject).toBe('ada');
  });

  it('that comes twice is refused, and the cookies of other paths are removed', async () => {
    const { cookie, authenticated } = await signedIn({ cookie: { secure: false } });
    const twice = { cookie: `${cookie}; ${cookie}` };
    const { request, cookies } = await authenticated({ path: '/a', host: 'a', headers: twice });
    expect(request.session).toBeNull();
    expect(cookies).toEqual([]);
    expect(ANY(request)).toMatchObject({ status: 400 });
    expect(cookies.map(([name, line]) => [name, /Path=([^;]*)/.exec(line)?.[1]])).toEqual([
      ['sess', '/a'],
      ['sess', '/a/'],
    ]);
  });

  it.each([
    ['a sign-in', 'start'],
    ['a sign-out', 'end'],
  ] as const)('is removed from the paths that it had earlier by %s', async (_, method) => {
    const { authenticated } = await signedIn({ cookie: { clearPaths: ['/old'] } });
    const { request, cookies } = await authenticated({ method: 'POST', headers: SAME_ORIGIN });
    await request[method]({ subject: 'ada' });
    expect(cookies[0]).toEqual([
      '__Secure-sess',
      '__Secure-sess=; Path=/old; HttpOnly; Secure; SameSite=Lax; Max-Age=0',
    ]);
  });

  it('that another site sends is refused, and no other cookie is removed', async () => {
    const { authenticated } = await signedIn({ cookie: { secure: false, clearPaths: ['/old'] } });
    const { request, cookies } = await authenticated({ method: 'POST', headers: CROSS_SITE });
    expect(ANY(request)).toMatchObject({ status: 403 });
    expect(cookies).toEqual([]);
  });

  it('of a guest has caches keep no response that shows its data', async () => {
    const { sessions, authenticated } = await signedIn();
    const { refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] } });
    const headers = { cookie: `__Host-sess=${refreshToken}` };
    const { request, chosen, varied } = await authenticated({ headers });
    expect(request.guest.data).toEqual({ cart: ['tea'] });
    expect(chosen).toHaveLength(1);
    expect(varied).toEqual([]);
  });

  it('has caches keep no response that a one-time value was taken for', async () => {
    const { sessions, sid, authenticated } = await signedIn();
    await sessions.put(sid, { name: 'flash', value: 'hi' });
    const { request, chosen } = await authenticated();
    expect(await request.take('flash')).toBe('hi');
    expect(chosen).toHaveLength(1);
  });

  it('has caches keep no response behind a guard, also if the route does not read the session', async () => {
    const { authenticated } = await signedIn();
    const { request, chosen } = await authenticated();
    expect(ANY(request)).toBeUndefined();
    expect(chosen).toHaveLength(1);
  });

  it('has caches keep no response to a change of the session', async () => {
    const { authenticated } = await signedIn();
    const { request, chosen } = await authenticated({ method: 'POST', headers: SAME_ORIGIN });
    await request.update({ theme: 'dark' });
    expect(chosen).toHaveLength(1);
  });

  it('is made for a visitor whose data a function returns', async () => {
    const { authenticated } = await signedIn();
    const headers = { ...SAME_ORIGIN, cookie: undefined };
    const { request, cookies } = await authenticated({ method: 'POST', headers });
    await request.guest.update((data) => ({ ...data, visits: 1 }));
    expect(request.guest.data).toEqual({ visits: 1 });
    expect(cookies).toHaveLength(1);
  });

  it('is asked for by a 401, also of a page, where the guard names no page to sign in', async () => {
    const { authenticated } = await signedIn();
    const { request } = await authenticated({ headers: { ...NAVIGATION, cookie: undefined } });
    expect(ANY(request)).toMatchObject({ status: 401 });
    const guard = createGuard<object>({ redirectTo: '/sign-in' });
    expect(guard(request)).toMatchObject({ status: 303 });
  });

  it('has caches keep no response that shows its session, and one choice is made', async () => {
    const { authenticated } = await signedIn();
    const choiceOf = async (headers: Sent['headers'] = {}) => {
      const { request, chosen } = await authenticated({ headers });
      expect(chosen).toEqual([]);
      expect(request.session).toBe(request.session);
      expect(chosen).toHaveLength(1);
      return chosen[0]?.(undefined);
    };
    expect(await choiceOf()).toBe('private, no-cache');
    expect(await choiceOf(NAVIGATION)).toBe('no-store');
  });

  it('has a response depend on the cookie if there is none', async () => {
    const { names, authenticated } = await signedIn();
    const { request, varied, chosen } = await authenticated({ headers: { cookie: undefined } });
    expect(names()).toEqual(['created']);
    expect(request.session).toBeNull();
    expect(request.session).toBeNull();
    expect([varied, chosen]).toEqual([['Cookie'], []]);
    expect(bodyOf(await ANY(request))).toMatchObject({ code: 'session_required' });
  });

  it('is renewed when it is due, with its Max-Age', async () => {
    const { clock, refreshToken, authenticated } = await signedIn();
    clock.advance('15m');
    const { request, cookies, headers } = await authenticated();
    expect(request.session?.subject).toBe('ada');
    expect(cookies).toEqual([['__Host-sess', expect.stringContaining('; Max-Age=604800')]]);
    expect(cookies[0]?.[1]).not.toContain(refreshToken);
    expect(headers).toEqual({ 'Cache-Control': 'no-store' });
  });

  it('that is unknown or expired leaves the request without a session, and is not cleared', async () => {
    const { sessions, sid, authenticated } = await signedIn();
    await sessions.revoke(sid);
    const { request, reply, cookies } = await authenticated();
    expect([request.session, reply, cookies]).toEqual([null, undefined, []]);
  });

  const FAILURES = [
    ['rejects', () => Promise.reject(new StoreUnavailableError('down'))],
    [
      'throws',
      () => {
        throw new StoreUnavailableError('down');
      },
    ],
  ] as const;

  it.each(FAILURES)('is a 503 if the engine %s because its store fails', async (_how, present) => {
    const { authenticated, replace } = await signedIn();
    replace({ present });
    expect((await authenticated()).reply).toMatchObject({ status: 503 });
  });

  it.each(FAILURES)(
    'leaves the request without a session if the engine %s and the options say so',
    async (_how, present) => {
      const { authenticated, replace } = await signedIn({ onStoreError: 'anonymous' });
      replace({ present });
      const { reply, request } = await authenticated();
      expect([reply, request.session]).toEqual([undefined, null]);
    },
  );

  it('passes every other error on', async () => {
    const { authenticated, replace } = await signedIn();
    replace({ present: () => Promise.reject(new SessError('not_supported', 'elsewhere')) });
    await expect(authenticated()).rejects.toMatchObject({ code: 'not_supported' });
    replace({ present: () => Promise.reject(new RangeError('elsewhere')) });
    await expect(authenticated()).rejects.toThrow(RangeError);
    replace({
      present: () => {
        throw new RangeError('elsewhere');
      },
    });
    await expect(authenticated()).rejects.toThrow(RangeError);
  });

  it('shows the session as the store has it, so that current asks no more', async () => {
    const { authenticated, replace } = await signedIn();
    replace({ kind: 'signed', get: () => expect.unreachable('the session is current') as never });
    const { request } = await authenticated();
    expect((await request.current()).subject).toBe('ada');
  });
});

describe("the user's sessions", () => {
  async function withTwo() {
    const arranged = await signedIn();
    arranged.clock.advance('1s');
    const { session: other } = await arranged.sessions.create({ subject: 'ada' });
    const { session: foreign } = await arranged.sessions.create({ subject: 'bob' });
    const opened = await arranged.authenticated({ method: 'POST', headers: SAME_ORIGIN });
    return { ...arranged, ...opened, other: other.sid, foreign: foreign.sid };
  }
  const CLEARED = ['; Max-Age=1', '; Max-Age=0'].map((end) => [
    '__Host-sess',
    expect.stringMatching(new RegExp(`^__Host-sess=;.*${end}$`)),
  ]);

  it('are listed, and the one of the request is marked', async () => {
    const { request, sid, other } = await withTwo();
    expect((await request.list()).map((each) => [each.sid, each.isCurrent])).toEqual([
      [sid, true],
      [other, false],
    ]);
  });

  it('are ended one by one, and those of other users are not', async () => {
    const { sessions, request, cookies, sid, other, foreign } = await withTwo();
    expect(await request.revoke(foreign)).toBe(false);
    expect(await request.revoke('S'.repeat(32))).toBe(false);
    expect(await request.revoke(other)).toBe(true);
    expect(await sessions.get(foreign)).toBeDefined();
    expect(await sessions.get(other)).toBeUndefined();
    expect([request.session?.sid, cookies]).toEqual([sid, []]);
    expect(await request.revoke(sid)).toBe(true);
    expect(await sessions.get(sid)).toBeUndefined();
    expect([request.session, cookies]).toEqual([null, CLEARED]);
  });

  it('are ended except that of the request', async () => {
    const { sessions, request, cookies, sid } = await withTwo();
    expect(await request.endOthers()).toBe(1);
    expect((await sessions.list('ada')).map((each) => each.sid)).toEqual([sid]);
    expect([request.session?.sid, cookies]).toEqual([sid, []]);
  });

  it('are all ended, and the cookie is cleared', async () => {
    const { sessions, request, cookies, headers } = await withTwo();
    expect(await request.endAll()).toBe(2);
    expect(await sessions.list('ada')).toEqual([]);
    expect([request.session, cookies]).toEqual([null, CLEARED]);
    expect(headers).toEqual({ 'Cache-Control': 'no-store' });
  });

  it('are ended by no page of another site', async () => {
    const { sessions, authenticated, other } = await withTwo();
    const { request } = await authenticated({ method: 'POST', headers: CROSS_SITE });
    const calls = [
      () => request.end(),
      () => request.revoke(other),
      () => request.endOthers(),
      () => request.endAll(),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ code: 'cross_site_request' });
    expect(await sessions.list('ada')).toHaveLength(2);
  });

  it('are out of reach once the session of the request has ended', async () => {
    const { sessions, request, sid } = await withTwo();
    await sessions.revoke(sid);
    await expect(request.update({ a: 1 })).rejects.toMatchObject({ code: 'session_ended' });
    expect(request.session).toBeNull();
    await expect(request.elevate()).rejects.toMatchObject({ code: 'session_required' });
    await expect(request.list()).rejects.toMatchObject({ code: 'session_required' });
  });
});
