import { describe, expect, it, vi } from 'vitest';
import { bearer, cookieHeader, json, type Target, type TestHost, useHost } from './host.js';

/** Signed access tokens that no denylist stands behind. */
export function describeRevocation(target: Target): void {
  const statusOf = async (host: TestHost, token: string) =>
    (await host.send('/me', { headers: [bearer(token)] })).status;

  describe('tokens that live until they expire', () => {
    it('tokens that live until they expire need no store, although it fails', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      const before = host.calls();
      expect(await statusOf(host, token)).toBe(200);
      expect(host.calls()).toEqual(before);
      host.fail();
      expect(await statusOf(host, token)).toBe(200);
      host.clock.advance('15m');
      expect(await statusOf(host, token)).toBe(401);
    });

    it('outlive a logout, which ends the session: nothing more is had of it', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token, cookie } = await host.login();
      const headers = [cookieHeader(cookie)];
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
      expect(await statusOf(host, token)).toBe(200);
      expect((await host.send('/session/refresh', { method: 'POST', headers })).status).toBe(401);
      for (const [method, path] of [
        ['GET', '/session'],
        ['PATCH', '/me'],
        ['POST', '/reauth'],
      ] as const) {
        const body = method === 'PATCH' ? { body: { late: true } } : {};
        const answer = await host.send(path, { method, headers: [bearer(token)], ...body });
        expect([path, answer.status]).toEqual([path, 401]);
        expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      }
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('touch no denylist', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      await host.send('/session/logout-all', { method: 'POST', headers: [bearer(token)] });
      expect([...host.denylist.calls]).toEqual([]);
    });
  });

  describe('tokens that the store is asked about', () => {
    it('die with their session, and show it as it is', async () => {
      const host = await useHost(target, { revocation: 'store' });
      const { token, cookie } = await host.login();
      const headers = [bearer(token)];
      await host.send('/me', { method: 'PATCH', headers, body: { role: 'admin' } });
      expect(json(await host.send('/me', { headers }))).toMatchObject({
        data: { role: 'admin' },
        device: { ip: '127.0.0.1' },
      });
      const out = { method: 'POST', headers: [cookieHeader(cookie)] };
      expect((await host.send('/session/logout', out)).status).toBe(204);
      expect(await statusOf(host, token)).toBe(401);
    });

    it('tokens that are looked up end with a re-authentication and with a shortened overlap', async () => {
      const host = await useHost(target, {
        revocation: 'store',
        engine: { accessOverlap: '0s' },
      });
      const { token, cookie } = await host.login();
      const headers = [cookieHeader(cookie)];
      const answer = await host.send('/session/refresh', { method: 'POST', headers });
      expect(await statusOf(host, token)).toBe(401);
      const second = String(json(answer)['access_token']);
      expect(await statusOf(host, second)).toBe(200);
      const elevated = await host.send('/reauth', { method: 'POST', headers: [bearer(second)] });
      // Until the new token is used, its client may not have received it.
      expect(await statusOf(host, second)).toBe(200);
      expect(await statusOf(host, String(json(elevated)['access_token']))).toBe(200);
      await vi.waitFor(async () => expect(await statusOf(host, second)).toBe(401));
    });

    it('are not known while it fails: 503, and no denylist is touched', async () => {
      const host = await useHost(target, { revocation: 'store' });
      const { token } = await host.login();
      host.store.fail();
      const answer = await host.send('/me', { headers: [bearer(token)] });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expect([...host.denylist.calls]).toEqual([]);
    });
  });
}
