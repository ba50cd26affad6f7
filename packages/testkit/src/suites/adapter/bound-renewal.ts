import { describe, expect, it } from 'vitest';
import { NAVIGATION } from './cookie-host.js';
import {
  bindBrowser,
  challengeOf,
  createDevice,
  getBy as get,
  type OpenBoundHost,
  PUBLIC_JWK as PUBLIC,
  signInForDevice,
} from './device.js';
import { cookiePair } from './host.js';

/** How the cookie of a bound session is renewed by a proof. */
export function describeBoundRenewal(open: OpenBoundHost): void {
  describe('the renewal of a bound session', () => {
    it('a renewal without a proof, or over a used challenge, gets 403 with the next challenge, and writes nothing', async () => {
      const host = await open();
      const { device, sid, challenge } = await bindBrowser(host);
      const before = host.calls();
      for (let n = 0; n < 50; n += 1) {
        const response = await device.renew(sid);
        expect(response.status).toBe(403);
        expect(response.headers['secure-session-challenge']).toBe(`"${challenge}";id="${sid}"`);
      }
      expect({ ...host.calls(), load: 0 }).toEqual({ ...before, load: 0 });
      const good = await device.renew(sid, challenge, { isQuoted: true });
      expect(good.status).toBe(200);
      const used = await device.renew(sid, challenge);
      expect(used.status).toBe(403);
      expect(challengeOf(used.headers['secure-session-challenge'])).toBe(
        challengeOf(good.headers['secure-session-challenge']),
      );
    });

    it('a renewal moves the idle deadline, and the earlier cookie is good until its end', async () => {
      const host = await open();
      const { device, sid, challenge, cookie } = await bindBrowser(host);
      const { expiresAt = 0 } = (await host.sessions.get(sid)) ?? {};
      host.clock.advance('480s');
      const renewed = cookiePair(await device.renew(sid, challenge)) ?? '';
      expect((await host.sessions.get(sid))?.expiresAt).toBe(expiresAt + 480_000);
      expect((await get(host, '/me', cookie)).status).toBe(200);
      host.clock.advance('120s');
      expect((await get(host, '/me', cookie)).status).toBe(401);
      expect((await get(host, '/me', renewed)).status).toBe(200);
    });

    it.each([
      ['another key', {}, true],
      ['a key in its header', { header: { jwk: PUBLIC } }, false],
      ['an algorithm of a shared secret', { header: { alg: 'HS256' } }, false],
      ['no algorithm', { header: { alg: 'none' } }, false],
      ['a damaged signature', { isCut: true }, false],
      ['another type', { header: { typ: 'JWT' } }, false],
    ])('a renewal by a proof with %s gets 401 and no cookie', async (_what, change, isOther) => {
      const host = await open();
      const { device, sid, challenge } = await bindBrowser(host);
      const prover = isOther ? createDevice(host) : device;
      const response = await prover.renew(sid, challenge, change);
      expect([response.status, response.setCookies]).toEqual([401, []]);
      expect((await device.renew(sid, challenge)).status).toBe(200);
    });

    it('a renewal of a session that is unknown, over or not bound gets 401', async () => {
      const host = await open();
      const { device, sid, challenge } = await bindBrowser(host);
      const plain = await signInForDevice(host, 'bob');
      expect((await device.renew('x'.repeat(32), challenge)).status).toBe(401);
      expect((await device.renew('no sid', challenge)).status).toBe(401);
      expect((await device.renew(plain.sid, challenge)).status).toBe(401);
      await host.sessions.revoke(sid);
      expect((await device.renew(sid, challenge)).status).toBe(401);
    });

    it('two concurrent renewals are one: the other gets 403', async () => {
      const host = await open();
      const { device, sid, challenge } = await bindBrowser(host);
      const responses = await Promise.all([
        device.renew(sid, challenge),
        device.renew(sid, challenge),
      ]);
      expect(responses.map(({ status }) => status).sort()).toEqual([200, 403]);
    });

    it('a renewal and a registration get 503 while the store fails', async () => {
      const host = await open();
      const { device, sid, challenge, cookie } = await bindBrowser(host);
      const { offer, cookie: plain } = await signInForDevice(host, 'bob');
      host.fail();
      const responses = [await device.renew(sid, challenge), await device.register(offer, plain)];
      expect(responses.map(({ status, setCookies }) => [status, setCookies])).toEqual([
        [503, []],
        [503, []],
      ]);
      host.heal();
      expect((await device.renew(sid, challenge)).status).toBe(200);
      expect((await get(host, '/me', cookie)).status).toBe(200);
    });

    it('a guard returns 503 in place of the sign-in if the browser could not renew', async () => {
      const host = await open();
      const headers = [['Secure-Session-Skipped', 'server_error'] as const, ...NAVIGATION];
      const response = await host.send('/page', { headers });
      expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
      expect((await host.send('/page', { headers: NAVIGATION })).status).toBe(303);
    });
  });
}
