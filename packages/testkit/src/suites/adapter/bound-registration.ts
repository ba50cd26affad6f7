import { describe, expect, it } from 'vitest';
import {
  bindBrowser,
  createDevice,
  events,
  getBy as get,
  type OpenBoundHost,
  PRIVATE_JWK as PRIVATE,
  signInForDevice,
} from './device.js';
import { cookiePair, json } from './host.js';

/** How a browser registers its key after a sign-in. */
export function describeRegistration(open: OpenBoundHost): void {
  describe('the registration of a key', () => {
    it('a sign-in offers a registration, and a good proof gets a cookie of ten minutes with the instructions', async () => {
      const host = await open();
      const { offer, cookie, sid } = await signInForDevice(host);
      expect(offer).toMatch(/^\(ES256\);path="\/session\/bind";challenge="[\w-]{22}"$/);
      const response = await createDevice(host).register(offer, cookie);
      expect(response.status).toBe(200);
      expect(response.headers['cache-control']).toBe('no-store');
      expect(response.headers['secure-session-challenge']).toMatch(
        new RegExp(`^"[\\w-]{22}";id="${sid}"$`),
      );
      expect(response.setCookies).toEqual([
        expect.stringMatching(
          /^__Host-sess=srt_.*; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=595$/,
        ),
      ]);
      expect(json(response)).toEqual({
        session_identifier: sid,
        refresh_url: '/session/bind',
        allowed_refresh_initiators: ['*'],
        scope: { include_site: false, scope_specification: [] },
        credentials: [
          {
            type: 'cookie',
            name: '__Host-sess',
            attributes: 'Path=/; HttpOnly; Secure; SameSite=Lax',
          },
        ],
      });
    });

    it('a sign-in that no browser binds goes on as before', async () => {
      const host = await open();
      const { cookie } = await signInForDevice(host);
      host.clock.advance('20m');
      const response = await get(host, '/me', cookie);
      expect([response.status, response.setCookies.length]).toEqual([200, 1]);
      expect(response.headers['secure-session-registration']).toBeUndefined();
      expect(json(response)['binding']).toBeUndefined();
    });

    it.each([
      ['another algorithm', { header: { alg: 'RS256' } }],
      ['an algorithm of a shared secret', { header: { alg: 'HS256' } }],
      ['no algorithm', { header: { alg: 'none' } }],
      ['no key', { header: { jwk: undefined } }],
      ['a private key', { header: { jwk: PRIVATE } }],
      ['another type', { header: { typ: 'jwt' } }],
      ['a critical extension', { header: { crit: ['b64'], b64: true } }],
      ['another challenge', { claims: { jti: 'x'.repeat(22) } }],
      ['no challenge', { claims: { jti: undefined } }],
      ['a damaged signature', { isCut: true }],
    ])(
      'a registration by a proof with %s gets 401, and the session goes on',
      async (_what, change) => {
        const host = await open();
        const { offer, cookie } = await signInForDevice(host);
        const response = await createDevice(host).register(offer, cookie, change);
        expect([response.status, response.setCookies]).toEqual([401, []]);
        expect((await get(host, '/me', cookie)).status).toBe(200);
      },
    );

    it('a registration without a cookie, with that of another session, or after five minutes gets 401', async () => {
      const host = await open();
      const { offer, cookie } = await signInForDevice(host);
      const other = await signInForDevice(host, 'bob');
      const device = createDevice(host);
      expect((await device.register(offer, '__Host-sess=')).status).toBe(401);
      expect((await device.register(offer, other.cookie)).status).toBe(401);
      host.clock.advance('301s');
      expect((await device.register(offer, cookie)).status).toBe(401);
    });

    it('a registration whose response was lost is repeated with the same key, also with quoted headers', async () => {
      const host = await open();
      const { offer, cookie } = await signInForDevice(host);
      const device = createDevice(host);
      await device.register(offer, cookie);
      const again = await device.register(offer, cookie, { isQuoted: true });
      expect(again.status).toBe(200);
      expect((await get(host, '/bound', cookiePair(again) ?? '')).status).toBe(200);
    });

    it('a session whose registration was never received goes on with its cookie, and may bind again', async () => {
      const host = await open();
      const { offer, cookie } = await signInForDevice(host);
      await createDevice(host).register(offer, cookie);
      host.clock.advance('16m');
      const renewed = cookiePair(await get(host, '/me', cookie)) ?? '';
      expect(renewed).not.toBe('');
      host.clock.advance('16m');
      expect((await get(host, '/me', renewed)).status).toBe(200);
    });

    it('a registration of a session that is bound gets 401 with its key, and ends the session as reuse with another', async () => {
      const host = await open();
      const { device, offer, before, cookie } = await bindBrowser(host);
      const seen = events(host);
      expect((await device.register(offer, before)).status).toBe(401);
      expect(seen).toEqual([]);
      expect((await createDevice(host).register(offer, before)).status).toBe(401);
      expect(seen).toEqual(['reuse', 'revoked']);
      expect((await get(host, '/me', cookie)).status).toBe(401);
    });

    it('a guest and a sign-in without remember are not offered a registration', async () => {
      const host = await open();
      const response = await host.send('/put', { method: 'POST', body: { name: 'a', value: 1 } });
      expect(response.setCookies).toHaveLength(1);
      expect(response.headers['secure-session-registration']).toBeUndefined();
    });
  });
}
