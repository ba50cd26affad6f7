import type { HttpOptions } from '@sess/core/http';
import { describe, expect, it } from 'vitest';
import { NAVIGATION, SCRIPT, signInByCookie as signIn, useCookieHost } from './cookie-host.js';
import {
  bearer,
  cookieHeader,
  cookiePair,
  type Header,
  json,
  type Target,
  type TestHost,
  useHost,
} from './host.js';

/** The refresh cookie as the credential of requests without a bearer token: pages without scripts. */
export function describeCookieTransport(target: Target): void {
  const useCookies = (protocol?: HttpOptions): Promise<TestHost> => useCookieHost(target, protocol);

  describe('a session cookie', () => {
    it('a session cookie identifies a request without a bearer token, with one read and no write [cookie.no-write]', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      const before = host.calls();
      expect(json(await get('/public'))).toEqual({ user: 'ada' });
      expect(json(await get('/me'))).toMatchObject({ subject: 'ada' });
      expect(host.calls()).toEqual({ ...before, load: (before['load'] ?? 0) + 2 });
    });

    it('a session cookie sent twice is refused once at a guarded page: the refusal removes the other one', async () => {
      const host = await useCookies({ cookie: { secure: false, path: '/me' } });
      const { cookie } = await host.login();
      const both = [cookieHeader(`${cookie}; sess=of-an-earlier-path`), ...NAVIGATION];
      const refused = await host.send('/me', { headers: both });
      expect(refused.status).toBe(400);
      const removed = refused.setCookies.map((line) => /Path=([^;]*).*Max-Age=0/.exec(line)?.[1]);
      expect(removed).toContain('/');
      expect(removed).not.toContain('/me');
      expect(refused.headers['cache-control']).toBe('no-store');
      expect((await host.send('/me', { headers: [cookieHeader(cookie)] })).status).toBe(200);
    });

    it('a session cookie does not count with the default transport', async () => {
      const host = await useHost(target);
      const { get } = await signIn(host);
      expect(json(await get('/public'))).toEqual({ user: null });
      expect((await get('/me')).status).toBe(401);
    });

    it('a session cookie does not count beside a bearer token, also one that is refused', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      const other = await host.login('bob');
      expect(json(await get('/public', [bearer(other.token)]))).toEqual({ user: 'bob' });
      expect((await get('/me', [bearer('sat_unknown')])).status).toBe(401);
      expect((await get('/me', [['Authorization', 'Bearer ']])).status).toBe(400);
    });

    it('a session cookie does not count beside a token bound to a key, which is refused', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      const before = host.lookups();
      const answer = await get('/me', [['Authorization', 'DPoP sat_unknown']]);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(host.lookups()).toBe(before);
    });

    it.each([
      ['absent', []],
      ['misspelt', [['Cookie', '__Host-sess=srt_0']]],
      ['without its prefix', [['Cookie', 'sess=srt_0']]],
      ['in another case', [['Cookie', '__host-sess=srt_0']]],
    ] as readonly (readonly [string, readonly Header[]])[])(
      'a session cookie that is %s costs no call of the store [cookies.prefix]',
      async (_what, headers) => {
        const host = await useCookies();
        expect(json(await host.send('/public', { headers }))).toEqual({ user: null });
        expect((await host.send('/me', { headers })).status).toBe(401);
        expect(host.lookups()).toBe(0);
      },
    );

    it('a session cookie counts beside credentials of another scheme, such as those of a staging proxy', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      expect(json(await get('/public', [['Authorization', 'Basic YTpi']]))).toEqual({
        user: 'ada',
      });
    });

    it('a session cookie alone counts with transport: cookie', async () => {
      const host = await useCookies({ transport: 'cookie' });
      const { token } = await host.login();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });

    it('a session cookie that comes twice is 400 at a guard, and no session elsewhere', async () => {
      const host = await useCookies();
      const { cookie } = await signIn(host);
      const headers = [cookieHeader(`${cookie}; ${cookie}`)];
      expect(json(await host.send('/public', { headers }))).toEqual({ user: null });
      expect((await host.send('/me', { headers })).status).toBe(400);
    });

    it('a session cookie is never cleared by a refusal: a late response must not wipe a new sign-in', async () => {
      const host = await useCookies();
      const { cookie, get } = await signIn(host);
      await host.send('/session/logout', { method: 'POST', headers: [cookieHeader(cookie)] });
      const answer = await get('/me');
      expect(answer.status).toBe(401);
      expect(answer.setCookies).toEqual([]);
    });

    it('a session cookie is a 503 with Retry-After while the store fails, and stays', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      host.fail();
      const answer = await get('/me', NAVIGATION);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.setCookies).toEqual([]);
      host.heal();
      expect((await get('/me')).status).toBe(200);
    });
  });

  describe('a cookie that is due', () => {
    async function due(protocol?: HttpOptions) {
      const host = await useCookies(protocol);
      const { cookie, get } = await signIn(host);
      host.clock.advance('15m');
      return { host, cookie, get };
    }

    it('a cookie that is due is renewed by a page and by a script, and the renewed one works', async () => {
      const { host, cookie, get } = await due();
      const answer = await get('/public', NAVIGATION);
      const renewed = cookiePair(answer) ?? '';
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(renewed).not.toBe(cookie);
      const next = await host.send('/public', { headers: [cookieHeader(renewed), ...SCRIPT] });
      expect(json(next)).toEqual({ user: 'ada' });
      expect(next.setCookies).toEqual([]);
    });

    it.each([
      ...['audio', 'embed', 'font', 'image', 'manifest', 'object', 'paintworklet', 'report'],
      ...['script', 'serviceworker', 'sharedworker', 'style', 'track', 'video', 'worker'],
    ])(
      'a cookie that is due is accepted and not renewed by a request for %s',
      async (destination) => {
        const { get } = await due();
        const answer = await get('/public', [['Sec-Fetch-Dest', destination]]);
        expect(json(answer)).toEqual({ user: 'ada' });
        expect(answer.setCookies).toEqual([]);
      },
    );

    it.each([
      ['a prefetch', [['Sec-Purpose', 'prefetch'], ...NAVIGATION]],
      ['a prerender', [['Sec-Purpose', 'prefetch;prerender'], ...NAVIGATION]],
      ['a prefetch of older browsers', [['Purpose', 'prefetch'], ...NAVIGATION]],
      ['a request with both', [['Sec-Purpose', 'x'], ['Purpose', 'prefetch'], ...NAVIGATION]],
      [
        'the opening of a WebSocket',
        [
          ['Upgrade', 'websocket'],
          ['Connection', 'Upgrade'],
        ],
      ],
    ] as readonly (readonly [string, readonly Header[]])[])(
      'a cookie that is due is accepted and not renewed by %s',
      async (_what, headers) => {
        const { get } = await due();
        const answer = await get('/public', headers);
        expect(json(answer)).toEqual({ user: 'ada' });
        expect(answer.setCookies).toEqual([]);
      },
    );

    it.each(['document', 'iframe', 'frame', 'fencedframe', 'empty'])(
      'a cookie that is due is renewed by a request for %s',
      async (destination) => {
        const { get } = await due();
        const answer = await get('/public', [['Sec-Fetch-Dest', destination]]);
        expect(answer.setCookies).toHaveLength(1);
      },
    );

    it.each([
      ['HEAD', 'HEAD', '/me', [], 200, ''],
      ['a 304', 'GET', '/tag', [['If-None-Match', '"1"']], 304, ''],
      ['a streamed response', 'GET', '/feed', [], 200, 'onetwo'],
    ] as readonly (readonly [string, string, string, readonly Header[], number, string])[])(
      'a cookie that is due is renewed in the head of %s [responses.head]',
      async (_what, method, path, headers, status, text) => {
        const { host, cookie } = await due();
        const sent = { method, headers: [cookieHeader(cookie), ...NAVIGATION, ...headers] };
        const answer = await host.send(path, sent);
        expect([answer.status, answer.text]).toEqual([status, text]);
        expect(answer.headers['cache-control']).toBe('no-store');
        const renewed = cookieHeader(cookiePair(answer) ?? '');
        const next = await host.send('/me', { headers: [renewed] });
        expect([next.status, next.setCookies]).toEqual([200, []]);
      },
    );

    it('a cookie that is due is renewed once by twenty parallel requests, which all pass [cookie.round-trips]', async () => {
      const { host, get } = await due();
      const writes = (): number => host.calls()['replaceAuth'] ?? 0;
      const before = writes();
      const answers = await Promise.all(Array.from({ length: 20 }, () => get('/me', SCRIPT)));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(new Set(answers.flatMap((answer) => cookiePair(answer) ?? [])).size).toBe(1);
      // One rotation. A request that arrives after it is a replay, and the first one of these is recorded.
      expect([1, 2]).toContain(writes() - before);
    });

    it('a cookie that is due gets the same one again if the response was lost, and passes long after', async () => {
      const { host, get } = await due();
      const lost = cookiePair(await get('/public', NAVIGATION));
      host.clock.advance('1h');
      expect(cookiePair(await get('/public', NAVIGATION))).toBe(lost);
    });

    it('a cookie that is due ends the session when a copy is used after overlap [cookie.reuse]', async () => {
      const { host, get } = await due();
      const renewed = cookiePair(await get('/public', NAVIGATION)) ?? '';
      await host.send('/public', { headers: [cookieHeader(renewed)] });
      await new Promise((resolve) => setImmediate(resolve));
      host.clock.advance('5m');
      expect((await get('/me')).status).toBe(401);
      expect((await host.send('/me', { headers: [cookieHeader(renewed)] })).status).toBe(401);
    });

    it('a cookie that is due is refreshed by the route for scripts without being rotated before its age', async () => {
      const host = await useCookies();
      const { cookie } = await signIn(host);
      const refresh = () =>
        host.send('/session/refresh', {
          method: 'POST',
          headers: [cookieHeader(cookie), ...SCRIPT],
        });
      const first = await refresh();
      expect(first.status).toBe(200);
      expect(first.setCookies).toEqual([]);
      expect(json(await refresh())['access_token']).toBe(json(first)['access_token']);
      host.clock.advance('15m');
      expect((await refresh()).setCookies).toHaveLength(1);
    });
  });

  describe('a guarded page', () => {
    it('a guarded page redirects a navigation without a session, with the path to return to', async () => {
      const host = await useCookies();
      const answer = await host.send('/page?a=1', { headers: NAVIGATION });
      expect(answer.status).toBe(303);
      expect(answer.headers['location']).toBe('/sign-in?return_to=%2Fpage%3Fa%3D1');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('a guarded page refuses other requests with the problem, and never redirects 400, 403 or 503', async () => {
      const host = await useCookies();
      const { cookie, get } = await signIn(host);
      expect((await host.send('/page', { headers: SCRIPT })).status).toBe(401);
      const twice = [cookieHeader(`${cookie}; ${cookie}`), ...NAVIGATION];
      expect((await host.send('/page', { headers: twice })).status).toBe(400);
      host.fail();
      expect((await get('/page', NAVIGATION)).status).toBe(503);
    });
  });

  describe('a sign-out by a form', () => {
    it('a sign-out by a form gets a redirect, and one by a script gets 204', async () => {
      const host = await useCookies({ afterLogout: '/bye' });
      const first = await signIn(host);
      const answer = await host.send('/session/logout', {
        method: 'POST',
        headers: [cookieHeader(first.cookie), ...NAVIGATION],
      });
      expect(answer.status).toBe(303);
      expect(answer.headers['location']).toBe('/bye');
      // Emptied first, because Chromium would keep the page for its back button if the cookie were only removed.
      expect(answer.setCookies).toEqual([
        expect.stringMatching(/sess=; .*; Max-Age=1$/),
        expect.stringMatching(/sess=; .*; Max-Age=0$/),
      ]);
      const second = await signIn(host);
      const headers = [cookieHeader(second.cookie), ...SCRIPT];
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
    });
  });
}
