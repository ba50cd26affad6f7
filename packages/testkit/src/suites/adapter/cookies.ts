import { describe, expect, it } from 'vitest';
import { cookieHeader, cookiePair, json, type Target, useHost } from './host.js';

/** The refresh cookie on the wire (RFC 6265bis; ASVS 3.3). */
export function describeCookies(target: Target): void {
  describe('the refresh cookie', () => {
    it('is __Host-, Secure, HttpOnly, SameSite=Lax, Path=/, without Domain, for as long as the session [cookies.attributes]', async () => {
      const host = await useHost(target);
      const answer = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.setCookies[0]).toMatch(
        /^__Host-sess=srt_[\w-]{32}\.[\w-]{22}\.[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=604800$/,
      );
    });

    it('is the only place where the refresh token appears [cookies.only]', async () => {
      const host = await useHost(target);
      const login = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(login.text).not.toContain('srt_');
      const answer = await host.send('/session/refresh', {
        method: 'POST',
        headers: [cookieHeader(cookiePair(login) ?? '')],
      });
      expect(answer.text).not.toContain('srt_');
      expect(Object.keys(json(answer))).not.toContain('refresh_token');
    });

    it('is plain only when security is switched off', async () => {
      const host = await useHost(target, {
        protocol: { cookie: { secure: false, persistent: false } },
      });
      const answer = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(answer.setCookies[0]).toMatch(/^sess=srt_[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
      const pair = cookiePair(answer) ?? '';
      expect(
        (await host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(pair)] }))
          .status,
      ).toBe(200);
    });

    it('is not read under its bare name when it has a prefix [cookies.prefix]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const bare = cookie.replace('__Host-', '');
      for (const pair of [
        bare,
        cookie.replace('__Host-', '__host-'),
        cookie.replace('__Host-', '__Secure-'),
      ]) {
        const answer = await host.send('/session/refresh', {
          method: 'POST',
          headers: [cookieHeader(pair)],
        });
        expect(json(answer)).toMatchObject({ code: 'refresh_token_missing' });
      }
    });

    it.each(['/session/refresh', '/session/logout'])(
      'is refused when it comes twice, at %s [cookies.twice]',
      async (path) => {
        const host = await useHost(target);
        const { cookie } = await host.login();
        for (const headers of [
          [cookieHeader(`${cookie}; ${cookie}`)],
          [cookieHeader(cookie), cookieHeader(cookie)],
          [cookieHeader(`${cookie}, ${cookie}`)],
        ]) {
          const before = host.calls();
          const answer = await host.send(path, { method: 'POST', headers });
          expect(answer.status).toBe(400);
          expect(json(answer)).toMatchObject({ code: 'invalid_request' });
          expect(answer.setCookies).toEqual([]);
          expect(host.calls()).toEqual(before);
        }
      },
    );

    it('is found among many others', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const headers = [cookieHeader(`a=1; xsess=2;${cookie}; sess=3; __Host-sess2=4; b="q"; c`)];
      expect((await host.send('/session/refresh', { method: 'POST', headers })).status).toBe(200);
    });

    it.each(['json', 'stream', 'redirect', 'throw'])(
      'the refresh cookie is set once with a response by %s, beside the cookies of the application [cookies.others]',
      async (kind) => {
        const host = await useHost(target);
        const answer = await host.send(`/login/${kind}`, { method: 'POST', body: { user: 'ada' } });
        expect(answer.status).toBe({ json: 200, stream: 200, redirect: 302, throw: 500 }[kind]);
        const names = answer.setCookies.map((line) => line.split('=')[0]);
        expect(names.sort()).toEqual(['__Host-sess', 'app', 'late']);
        if (kind === 'stream') expect(answer.text).toBe('onetwo');
        const pair = cookiePair(answer) ?? '';
        expect(
          (await host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(pair)] }))
            .status,
        ).toBe(200);
      },
    );
  });
}
