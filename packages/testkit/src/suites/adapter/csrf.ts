import { describe, expect, it } from 'vitest';
import { cookieHeader, json, type Target, useHost } from './host.js';

type Lines = readonly (readonly [string, string])[];

/** Requests that other sites' pages send, with the cookie that the browser adds by itself. */
export function describeCsrf(target: Target): void {
  describe('requests from other sites', () => {
    const refused: readonly (readonly [string, Lines])[] = [
      ['cross-site', [['Sec-Fetch-Site', 'cross-site']]],
      ['same-site', [['Sec-Fetch-Site', 'same-site']]],
      ['an unknown kind of site', [['Sec-Fetch-Site', 'cross-galaxy']]],
      ['a foreign Origin', [['Origin', 'https://evil.example']]],
      ['a null Origin', [['Origin', 'null']]],
      ['an Origin that is no URL', [['Origin', '::']]],
      [
        'cross-site with our own Origin',
        [
          ['Sec-Fetch-Site', 'cross-site'],
          ['Origin', 'http://OWN'],
        ],
      ],
    ];

    it.each(refused)(
      'are refused at refresh, logout and sign-in: %s [csrf.cross-site, csrf.same-site, csrf.null, csrf.untouched, csrf.vary]',
      async (_what, lines) => {
        const host = await useHost(target);
        const { cookie } = await host.login();
        const before = host.calls();
        for (const path of ['/session/refresh', '/session/logout', '/login']) {
          const answer = await host.send(path, {
            method: 'POST',
            headers: [cookieHeader(cookie), ...lines],
            ...(path === '/login' ? { body: { user: 'mallory' } } : {}),
          });
          expect(answer.status).toBe(403);
          expect(json(answer)).toMatchObject({ code: 'cross_site_request' });
          expect(answer.headers['content-type']).toBe('application/problem+json');
          expect(answer.headers['vary']).toMatch(/Sec-Fetch-Site, Origin/i);
          expect(answer.setCookies).toEqual([]);
        }
        expect(host.calls()).toEqual(before);
      },
    );

    const allowed: readonly (readonly [string, Lines])[] = [
      ['no word of a source', []],
      ['same-origin', [['Sec-Fetch-Site', 'same-origin']]],
      ['the user himself', [['Sec-Fetch-Site', 'none']]],
      [
        'same-origin, with a foreign Origin',
        [
          ['Sec-Fetch-Site', 'same-origin'],
          ['Origin', 'null'],
        ],
      ],
    ];

    it.each(allowed)(
      'a request from the same site passes, and its response has Vary: %s [csrf.vary]',
      async (_what, lines) => {
        const host = await useHost(target);
        const { cookie } = await host.login();
        const answer = await host.send('/session/refresh', {
          method: 'POST',
          headers: [cookieHeader(cookie), ...lines],
        });
        expect(answer.status).toBe(200);
        expect(answer.headers['vary']).toMatch(/Sec-Fetch-Site, Origin/i);
      },
    );

    it('without Sec-Fetch-Site, Origin is compared with the host of the request [csrf.origin]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const own = (origin: string) =>
        host.send('/session/refresh', {
          method: 'POST',
          headers: [cookieHeader(cookie), ['Origin', origin]],
        });
      const { headers } = await host.send('/public');
      const ownHost = String(headers['x-own-host']);
      expect((await own(`http://${ownHost}`)).status).toBe(200);
      expect((await own(`http://${ownHost.replace(/\d+$/, '1')}`)).status).toBe(403);
      expect((await own(`ftp://${ownHost}`)).status).toBe(403);
    });

    it('requests of trusted origins and sibling sites pass if the application allows them [csrf.same-site, csrf.origin]', async () => {
      const host = await useHost(target, {
        protocol: { csrf: { allowSameSite: true, origins: ['https://app.example'] } },
      });
      const { cookie } = await host.login();
      const statuses = [];
      for (const lines of [
        [['Sec-Fetch-Site', 'same-site']],
        [['Origin', 'https://app.example']],
        [['Origin', 'https://app.example.evil.example']],
        [['Sec-Fetch-Site', 'cross-site']],
      ] as const) {
        const headers = [cookieHeader(cookie), ...lines];
        statuses.push((await host.send('/session/refresh', { method: 'POST', headers })).status);
      }
      expect(statuses).toEqual([200, 200, 403, 403]);
    });

    it('need no body and no Content-Type when they are our own [csrf.plain]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const headers = [cookieHeader(cookie), ['Sec-Fetch-Site', 'same-origin']] as const;
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
    });
  });
}
