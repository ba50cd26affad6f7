import { describe, expect, it } from 'vitest';
import { NAVIGATION, SCRIPT, signInByCookie as signIn, useCookieHost } from './cookie-host.js';
import { bearer, cookieHeader, json, type Target } from './host.js';

/** What caches and the back button may keep of responses, with the cookie as the credential. */
export function describeCookieCaching(target: Target): void {
  const useCookies = () => useCookieHost(target);

  describe('a page behind a guard', () => {
    it('a page behind a guard is not kept for the back button, and other responses are checked each time [cookie.caching]', async () => {
      const { get } = await signIn(await useCookies());
      expect((await get('/page', NAVIGATION)).headers['cache-control']).toBe('no-store');
      expect((await get('/page', SCRIPT)).headers['cache-control']).toBe('private, no-cache');
    });

    it('a page behind a guard keeps a caching of the application that is not shared [cookie.caching]', async () => {
      const { get } = await signIn(await useCookies());
      const own = await get('/page?caching=private', NAVIGATION);
      expect(own.headers['cache-control']).toBe('private, max-age=60');
    });
  });

  describe('a response that depends on the session cookie', () => {
    it.each([
      ['public, max-age=60', 'private, no-cache'],
      ['max-age=60, s-maxage=600', 'private, no-cache'],
      ['PUBLIC', 'private, no-cache'],
      ['max-age=60', 'private, max-age=60'],
      ['private="set-cookie", max-age=60', 'private, private="set-cookie", max-age=60'],
      ['private, max-age=60', 'private, max-age=60'],
      ['no-store', 'no-store'],
    ])(
      'a response that depends on the cookie with Cache-Control: %s is sent as %s [cookie.caching]',
      async (given, sent) => {
        const { get } = await signIn(await useCookies());
        const answer = await get(`/public?caching=${encodeURIComponent(given)}`, NAVIGATION);
        expect(json(answer)).toEqual({ user: 'ada' });
        expect(answer.headers['cache-control']).toBe(sent);
        expect(answer.headers['cdn-cache-control']).toBeUndefined();
      },
    );

    it('a response that depends on the cookie that is 304 has the caching of the whole one [cookie.caching]', async () => {
      const { get } = await signIn(await useCookies());
      const whole = await get('/tag', SCRIPT);
      expect([whole.headers['etag'], whole.text]).toEqual(['"1"', 'page']);
      const answer = await get('/tag', [...SCRIPT, ['If-None-Match', '"1"']]);
      expect([answer.status, answer.headers['cache-control']]).toEqual([304, 'private, no-cache']);
    });

    it('a response that depends on the cookie without a session may be shared, apart from those of other cookies [cookie.caching]', async () => {
      const host = await useCookies();
      const answer = await host.send('/public?caching=public', { headers: NAVIGATION });
      expect(answer.headers['cache-control']).toBe('public');
      expect(answer.headers['cdn-cache-control']).toBe('max-age=60');
      expect(answer.headers['vary']).toMatch(/(^|, )Cookie(,|$)/);
      const refused = await host.send('/me', { headers: SCRIPT });
      expect(refused.headers['vary']).toMatch(/(^|, )Cookie(,|$)/);
    });

    it('a response that depends on the cookie is left as it is where a bearer token decided [cookie.caching]', async () => {
      const host = await useCookies();
      const { cookie, token } = await host.login();
      const headers = [cookieHeader(cookie), bearer(token)];
      const answer = await host.send('/public?caching=public', { headers });
      expect(answer.headers['cache-control']).toBe('public');
      expect(answer.headers['vary']).toBeUndefined();
    });
  });

  describe('a response that does not depend on the session', () => {
    it('a response that does not depend on the session stays public although the request has a session cookie [cookie.caching]', async () => {
      const { get } = await signIn(await useCookies());
      const answer = await get('/file', NAVIGATION);
      expect(answer.text).toBe('file');
      expect(answer.headers['cache-control']).toBe('public, max-age=60');
      expect(answer.headers['cdn-cache-control']).toBe('max-age=60');
      expect(answer.headers['vary']).toBeUndefined();
    });

    it('a response that does not depend on the session is not stored if it renews the cookie [cookies.no-store]', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      host.clock.advance('15m');
      const answer = await get('/file', NAVIGATION);
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['cdn-cache-control']).toBeUndefined();
    });
  });
}
