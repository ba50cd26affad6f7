import { describe, expect, it } from 'vitest';
import {
  bearer,
  cookieHeader,
  cookiePair,
  json,
  type Target,
  type TestHost,
  useHost,
} from './host.js';

/** Signed access tokens of sessions in a store, with a denylist that ends them before they expire. */
export function describeSigned(target: Target): void {
  const statusOf = async (host: TestHost, token: string) =>
    (await host.send('/me', { headers: [bearer(token)] })).status;

  describe('a signed token and its session', () => {
    it('show the data of when the token was signed, and of now where the store is asked', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const headers = [bearer(token)];
      await host.send('/me', { method: 'PATCH', headers, body: { role: 'admin' } });
      expect(json(await host.send('/me', { headers }))).toMatchObject({ data: {}, device: {} });
      const current = json(await host.send('/session', { headers }));
      expect(current).toMatchObject({ data: { role: 'admin' }, device: { ip: '127.0.0.1' } });
      const refreshed = json(
        await host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(cookie)] }),
      );
      const next = [bearer(String(refreshed['access_token']))];
      expect(json(await host.send('/me', { headers: next }))).toMatchObject({
        data: { role: 'admin' },
      });
    });

    it('refuse data that no token could carry, and stay as they are', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const patch = (body: object) =>
        host.send('/me', { method: 'PATCH', headers: [bearer(token)], body });
      expect((await patch({ a: 1 })).status).toBe(200);
      expect((await patch({ note: 'x'.repeat(5_000) })).status).toBe(413);
      expect((await patch({ sub: 'grace' })).status).toBe(400);
      const shown = json(await host.send('/session', { headers: [bearer(token)] }));
      expect(shown).toMatchObject({ subject: 'ada', data: { a: 1 } });
      const headers = [cookieHeader(cookie)];
      expect((await host.send('/session/refresh', { method: 'POST', headers })).status).toBe(200);
    });

    it('are asked of the denylist alone', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const before = host.store.calls.get('load');
      expect(await statusOf(host, token)).toBe(200);
      expect(host.store.calls.get('load')).toBe(before);
    });
  });

  describe('a signed access token ends without delay', () => {
    it('when its session is revoked, and none other', async () => {
      const host = await useHost(target);
      const [mine, other] = [await host.login(), await host.login()];
      const { sid } = json(await host.send('/me', { headers: [bearer(mine.token)] }));
      expect(await host.sessions.revoke(String(sid))).toBe(true);
      expect(await statusOf(host, mine.token)).toBe(401);
      expect(await statusOf(host, other.token)).toBe(200);
    });

    it('with all that its session was given before it', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const tokens = [token];
      let jar = cookie;
      for (let step = 0; step < 3; step += 1) {
        host.clock.advance('1m');
        const headers = [cookieHeader(jar)];
        const answer = await host.send('/session/refresh', { method: 'POST', headers });
        jar = cookiePair(answer) ?? '';
        tokens.push(String(json(answer)['access_token']));
      }
      for (const each of tokens) expect(await statusOf(host, each)).toBe(200);
      const headers = [cookieHeader(jar)];
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
      for (const each of tokens) expect(await statusOf(host, each)).toBe(401);
    });

    it('a signed access token ends when its user authenticates again [tokens.reauthenticated]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const answer = await host.send('/reauth', { method: 'POST', headers: [bearer(token)] });
      expect(await statusOf(host, token)).toBe(401);
      expect(await statusOf(host, String(json(answer)['access_token']))).toBe(200);
    });

    it('when a sign-in too many evicts its session [life.limit-evicts]', async () => {
      const host = await useHost(target, { engine: { maxPerSubject: 2 } });
      const oldest = await host.login();
      host.clock.advance('1s');
      const [second, third] = [await host.login(), await host.login()];
      expect(await statusOf(host, oldest.token)).toBe(401);
      expect(await statusOf(host, second.token)).toBe(200);
      expect(await statusOf(host, third.token)).toBe(200);
    });

    it('when a spent refresh token comes back [rotation.reuse]', async () => {
      const host = await useHost(target, { engine: { grace: '0s' } });
      const { token, cookie } = await host.login();
      const refresh = { method: 'POST', headers: [cookieHeader(cookie)] };
      const next = String(json(await host.send('/session/refresh', refresh))['access_token']);
      expect(await statusOf(host, next)).toBe(200);
      expect((await host.send('/session/refresh', refresh)).status).toBe(401);
      expect(await statusOf(host, token)).toBe(401);
      expect(await statusOf(host, next)).toBe(401);
    });
  });

  describe('a shortened overlap', () => {
    it('a shortened overlap ends earlier signed tokens to the millisecond', async () => {
      const host = await useHost(target, { engine: { accessOverlap: '1m' } });
      const { token, cookie } = await host.login();
      const headers = [cookieHeader(cookie)];
      const answer = await host.send('/session/refresh', { method: 'POST', headers });
      host.clock.advance('59999ms');
      expect(await statusOf(host, token)).toBe(200);
      host.clock.advance('1ms');
      expect(await statusOf(host, token)).toBe(401);
      expect(await statusOf(host, String(json(answer)['access_token']))).toBe(200);
    });

    it('of nothing ends them with the refresh', async () => {
      const host = await useHost(target, { engine: { accessOverlap: '0s' } });
      const { token, cookie } = await host.login();
      const headers = [cookieHeader(cookie)];
      const answer = await host.send('/session/refresh', { method: 'POST', headers });
      expect(await statusOf(host, token)).toBe(401);
      expect(await statusOf(host, String(json(answer)['access_token']))).toBe(200);
    });
  });
}
