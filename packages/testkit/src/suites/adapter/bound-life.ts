import { describe, expect, it } from 'vitest';
import {
  bindBrowser,
  challengeOf,
  createDevice,
  getBy as get,
  type OpenBoundHost,
  offeredBy,
  signInForDevice,
} from './device.js';
import { cookieHeader, cookiePair } from './host.js';

/** Re-authentication, sign-out and sign-in of a bound session. */
export function describeBoundLife(open: OpenBoundHost): void {
  describe('the life of a bound session', () => {
    it('a re-authentication keeps the key, gives a cookie of its length, and asks for a new proof', async () => {
      const host = await open();
      const { device, sid, challenge, cookie } = await bindBrowser(host);
      const response = await host.send('/reauth', {
        method: 'POST',
        headers: [cookieHeader(cookie), ['Sec-Fetch-Site', 'same-origin']],
      });
      expect(response.headers['secure-session-registration']).toBeUndefined();
      expect(response.setCookies).toEqual([expect.stringMatching(/; Max-Age=595$/)]);
      const elevated = cookiePair(response) ?? '';
      expect((await get(host, '/bound', cookie)).status).toBe(200);
      expect((await get(host, '/bound', elevated)).status).toBe(200);
      await new Promise((resolve) => setImmediate(resolve));
      expect((await get(host, '/me', cookie)).status).toBe(401);
      const used = await device.renew(sid, challenge);
      expect(used.status).toBe(403);
      const next = challengeOf(used.headers['secure-session-challenge']);
      const renewed = cookiePair(await device.renew(sid, next)) ?? '';
      expect((await get(host, '/bound', renewed)).status).toBe(200);
    });

    it('a re-authentication of a session without a key offers to bind it', async () => {
      const host = await open();
      const { cookie } = await signInForDevice(host);
      host.clock.advance('10m');
      const response = await host.send('/reauth', {
        method: 'POST',
        headers: [cookieHeader(cookie), ['Sec-Fetch-Site', 'same-origin']],
      });
      const offered = offeredBy(response);
      const registered = await createDevice(host).register(offered.offer, offered.cookie);
      expect(registered.status).toBe(200);
      expect((await get(host, '/bound', cookiePair(registered) ?? '')).status).toBe(200);
      expect((await get(host, '/bound', cookie)).status).toBe(403);
    });

    it.each(['/session/logout', '/logout-here'])(
      'a sign-out by %s ends a bound session, also with a cookie that has run out',
      async (path) => {
        const host = await open();
        const { device, sid, challenge, cookie } = await bindBrowser(host);
        host.clock.advance('11m');
        const headers = [cookieHeader(cookie), ['Sec-Fetch-Site', 'same-origin'] as const];
        const response = await host.send(path, { method: 'POST', headers });
        expect(response.status).toBe(204);
        expect(await host.sessions.get(sid)).toBeUndefined();
        expect((await device.renew(sid, challenge)).status).toBe(401);
      },
    );

    it('a new sign-in ends the bound session of the browser, and offers registration again', async () => {
      const host = await open();
      const { sid, cookie, device, challenge } = await bindBrowser(host);
      const headers = [cookieHeader(cookie), ['Sec-Fetch-Site', 'same-origin'] as const];
      const response = await host.send('/login', {
        method: 'POST',
        headers,
        body: { user: 'bob' },
      });
      expect(response.headers['secure-session-registration']).toBeDefined();
      expect(await host.sessions.get(sid)).toBeUndefined();
      expect((await device.renew(sid, challenge)).status).toBe(401);
    });
  });
}
