import type { HttpOptions } from '@sess/core/http';
import { describe, expect, it } from 'vitest';
import { CROSS_SITE, SCRIPT, signInByCookie as signIn, useCookieHost } from './cookie-host.js';
import { bearer, cookieHeader, cookiePair, type Header, json, type Target } from './host.js';

const PROVIDER = 'https://id.example';
const EVIL: Header = ['Origin', 'https://evil.example'];

/** From which pages an unsafe request or an upgrade may use the session cookie. */
export function describeCookieSources(target: Target): void {
  const useCookies = (protocol?: HttpOptions) => useCookieHost(target, protocol);

  describe('an unsafe request with the cookie', () => {
    it('an unsafe request with the cookie from another site has no session, and is 403 at a guard [csrf.cookie]', async () => {
      const host = await useCookies();
      const { cookie } = await signIn(host);
      const before = host.lookups();
      const answer = await host.send('/transfer', {
        method: 'POST',
        headers: [cookieHeader(cookie), CROSS_SITE],
      });
      expect(answer.status).toBe(403);
      expect(json(answer)).toMatchObject({ code: 'cross_site_request' });
      expect(host.lookups()).toBe(before);
    });

    it('an unsafe request with the cookie from this site passes, and a link from another site shows the page', async () => {
      const host = await useCookies();
      const { cookie, get } = await signIn(host);
      const headers = [cookieHeader(cookie), ...SCRIPT];
      expect((await host.send('/transfer', { method: 'POST', headers })).status).toBe(200);
      expect((await get('/me', [CROSS_SITE, ['Sec-Fetch-Mode', 'navigate']])).status).toBe(200);
    });

    it('an unsafe request with the cookie is refused for a foreign Origin without Sec-Fetch-Site', async () => {
      const host = await useCookies();
      const { cookie } = await signIn(host);
      const headers: Header[] = [cookieHeader(cookie), ['Origin', 'https://evil.example']];
      expect((await host.send('/transfer', { method: 'POST', headers })).status).toBe(403);
    });

    it('an unsafe request with the cookie does not need an allowed source with a bearer token', async () => {
      const host = await useCookies();
      const { token } = await host.login();
      const headers = [bearer(token), CROSS_SITE];
      expect((await host.send('/transfer', { method: 'POST', headers })).status).toBe(200);
    });
  });

  describe('the opening of a WebSocket with the cookie', () => {
    // Browsers send no Fetch Metadata with it.
    const UPGRADE: readonly Header[] = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
    ];

    it('the opening of a WebSocket with the cookie from another origin has no session, and is 403 at a guard [csrf.cookie, csrf.untouched]', async () => {
      const host = await useCookies();
      const { get } = await signIn(host);
      const before = host.lookups();
      for (const headers of [[EVIL], [['Origin', 'null']], [CROSS_SITE, EVIL]] as Header[][]) {
        expect(json(await get('/public', [...UPGRADE, ...headers]))).toEqual({ user: null });
        const answer = await get('/me', [...UPGRADE, ...headers]);
        expect([answer.status, json(answer)['code']]).toEqual([403, 'cross_site_request']);
      }
      expect(host.lookups()).toBe(before);
    });

    it('the opening of a WebSocket with the cookie from the own origin, a listed one or another program passes [csrf.origin]', async () => {
      const host = await useCookies({ csrf: { origins: ['https://app.example'] } });
      const { get } = await signIn(host);
      const own = String((await host.send('/public')).headers['x-own-host']);
      for (const headers of [
        [],
        [['Origin', `http://${own}`]],
        [['Origin', 'https://app.example']],
      ] as Header[][]) {
        expect((await get('/me', [...UPGRADE, ...headers])).status).toBe(200);
      }
    });
  });

  describe('a sign-in that an identity provider sends by a POST', () => {
    const provider: readonly Header[] = [CROSS_SITE, ['Origin', PROVIDER]];
    const post = { method: 'POST', body: { user: 'ada' } } as const;

    it('a sign-in by a provider passes where the call names its origin, and nowhere else [csrf.provider]', async () => {
      const host = await useCookies();
      const answer = await host.send('/login/provider', { ...post, headers: provider });
      expect(answer.status).toBe(200);
      const cookie = cookieHeader(cookiePair(answer) ?? '');
      expect((await host.send('/me', { headers: [cookie] })).status).toBe(200);

      for (const path of ['/login/json', '/logout-here', '/session/logout', '/session/refresh']) {
        const refused = await host.send(path, { ...post, headers: [cookie, ...provider] });
        expect([path, refused.status]).toEqual([path, 403]);
      }
      expect((await host.send('/me', { headers: [cookie] })).status).toBe(200);
    });

    it.each([
      ['another origin', [CROSS_SITE, EVIL]],
      ['an origin that begins like it', [CROSS_SITE, ['Origin', `${PROVIDER}.evil.example`]]],
      ['a hidden origin', [CROSS_SITE, ['Origin', 'null']]],
      ['no origin', [CROSS_SITE]],
    ] as readonly (readonly [string, readonly Header[]])[])(
      'a sign-in by a provider is refused from %s, and sets no cookie [csrf.provider]',
      async (_what, headers) => {
        const host = await useCookies();
        const answer = await host.send('/login/provider', { ...post, headers });
        expect([answer.status, cookiePair(answer)]).toEqual([403, undefined]);
      },
    );

    it('a sign-in by a provider passes from the own pages, too', async () => {
      const host = await useCookies();
      expect((await host.send('/login/provider', { ...post, headers: SCRIPT })).status).toBe(200);
    });
  });

  describe('a function as csrf.origins', () => {
    const unsafe = (origin: string): readonly Header[] => [CROSS_SITE, ['Origin', origin]];

    it('a function as csrf.origins decides about each origin that is not of this site [csrf.origin]', async () => {
      const asked: string[] = [];
      const origins = (origin: string): boolean => {
        asked.push(origin);
        return origin.endsWith('.tenant.example');
      };
      const host = await useCookies({ csrf: { origins } });
      const { cookie } = await signIn(host);
      const transfer = async (headers: readonly Header[]) => {
        const sent = { method: 'POST', headers: [cookieHeader(cookie), ...headers] };
        return (await host.send('/transfer', sent)).status;
      };
      expect(await transfer(SCRIPT)).toBe(200);
      expect(asked).toEqual([]);
      expect(await transfer(unsafe('https://a.tenant.example'))).toBe(200);
      expect(await transfer(unsafe('null'))).toBe(403);
      expect(asked).toEqual(['https://a.tenant.example', 'null']);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('no list of tenants');
        },
      ],
      ['returns a promise', () => Promise.resolve(true)],
    ] as unknown as readonly (readonly [string, () => boolean])[])(
      'a function as csrf.origins that %s makes the request a 500, which changes nothing [csrf.function]',
      async (_what, origins) => {
        const host = await useCookies({ csrf: { origins } });
        const { cookie, get } = await signIn(host);
        const headers = [cookieHeader(cookie), ...unsafe('https://a.tenant.example')];
        for (const path of ['/transfer', '/public', '/session/logout', '/login']) {
          const answer = await host.send(path, { method: 'POST', headers, body: { user: 'eve' } });
          expect([path, answer.status, answer.setCookies]).toEqual([path, 500, []]);
        }
        expect((await get('/me')).status).toBe(200);
      },
    );
  });
}
