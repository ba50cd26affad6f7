import { describe, expect, it } from 'vitest';
import {
  bindBrowser,
  events,
  getBy as get,
  type OpenBoundHost,
  signInForDevice,
} from './device.js';
import { bearer, cookieHeader, cookiePair, json } from './host.js';

/** What the cookie of a bound session is good for. */
export function describeBoundCookie(open: OpenBoundHost): void {
  describe('the cookie of a bound session', () => {
    it('a bound session is known by its cookie, with one read and no write, until that has run out', async () => {
      const host = await open();
      const { cookie, before } = await bindBrowser(host);
      const calls = host.calls();
      const response = await get(host, '/me', cookie);
      expect(json(response)).toMatchObject({ subject: 'ada', binding: { kind: 'dbsc' } });
      expect(host.calls()).toEqual({ ...calls, load: (calls['load'] ?? 0) + 1 });
      host.clock.advance('599s');
      expect([(await get(host, '/me', cookie)).status, response.setCookies]).toEqual([200, []]);
      expect((await get(host, '/me', before)).status).toBe(401);
    });

    it('a bound session shows its binding in the list of sessions, and never its key', async () => {
      const host = await open();
      const { cookie } = await bindBrowser(host);
      const { text } = await get(host, '/session/list', cookie);
      expect(text).toContain('"binding":{"kind":"dbsc"}');
      expect(JSON.parse(text).sessions[0].binding).toEqual({ kind: 'dbsc' });
    });

    it('a copy of the cookie is dead after its time, is cleared and reported, and the device goes on', async () => {
      const host = await open();
      const { device, sid, cookie, challenge } = await bindBrowser(host);
      const seen = events(host);
      host.clock.advance('600s');
      const response = await get(host, '/me', cookie);
      expect(response.status).toBe(401);
      expect(response.setCookies.at(-1)).toMatch(/^__Host-sess=;.*Max-Age=0$/);
      expect(seen).toEqual(['unbound-use']);
      const renewed = await device.renew(sid, challenge);
      expect((await get(host, '/me', cookiePair(renewed) ?? '')).status).toBe(200);
    });

    it('the cookie that the sign-in set is accepted for the overlap, without renewal and without the binding', async () => {
      const host = await open();
      const { before } = await bindBrowser(host);
      host.clock.advance('299s');
      const response = await get(host, '/me', before);
      expect([response.status, response.setCookies]).toEqual([200, []]);
      expect(json(response)['binding']).toBeUndefined();
      expect((await get(host, '/bound', before)).status).toBe(403);
      host.clock.advance('1s');
      expect((await get(host, '/me', before)).status).toBe(401);
    });

    it('the cookie of a session that is unknown or has ended is not cleared: a late response must not wipe a sign-in', async () => {
      const host = await open();
      const { cookie, sid } = await bindBrowser(host);
      await host.sessions.revoke(sid);
      const response = await get(host, '/me', cookie);
      expect([response.status, response.setCookies]).toEqual([401, []]);
    });

    it('a guard with bound: true gives 403 to sessions without a key, and passes bound ones', async () => {
      const host = await open();
      const { cookie } = await bindBrowser(host);
      expect((await get(host, '/bound', cookie)).status).toBe(200);
      const { cookie: plain } = await signInForDevice(host);
      const response = await get(host, '/bound', plain);
      expect([response.status, json(response)['code']]).toEqual([403, 'device_required']);
    });

    it('the cookie of a bound session is no access token, and gets one by the refresh route that ends with it', async () => {
      const host = await open();
      const { cookie } = await bindBrowser(host);
      const secret = cookie.replace(/^.*srt_([\w-]{32})\.[\w-]+\./, 'sat_$1.');
      expect((await host.send('/me', { headers: [bearer(secret)] })).status).toBe(401);
      const refresh = () =>
        host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(cookie)] });
      const first = await refresh();
      expect([first.status, first.setCookies]).toEqual([200, []]);
      const { access_token: token, expires_in: lasts } = json(first);
      expect(lasts).toBe(600);
      expect(json(await refresh())['access_token']).toBe(token);
      expect((await host.send('/me', { headers: [bearer(String(token))] })).status).toBe(200);
      host.clock.advance('600s');
      expect((await host.send('/me', { headers: [bearer(String(token))] })).status).toBe(401);
      expect((await refresh()).status).toBe(401);
    });
  });
}
