import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, type TestHost, useHost } from './host.js';

/** Sessions that are in their tokens: no cookie, no store, and a denylist for what ends early. */
export function describeStateless(target: Target): void {
  const post = (host: TestHost, path: string, token: string) =>
    host.send(path, { method: 'POST', headers: [bearer(token)] });
  const statusOf = async (host: TestHost, token: string) =>
    (await host.send('/me', { headers: [bearer(token)] })).status;
  const tokenOf = async (answer: ReturnType<TestHost['send']>) =>
    String(json(await answer)['access_token']);

  describe('a session within its token', () => {
    it('a stateless session sets no cookie and calls no store in any operation', async () => {
      const host = await useHost(target, { protocol: { refreshTransport: 'body' } });
      const login = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      const first = String(json(login)['access_token']);
      const refreshed = await post(host, '/session/refresh', first);
      const second = String(json(refreshed)['access_token']);
      const elevated = await post(host, '/reauth', second);
      const third = String(json(elevated)['access_token']);
      const answers = [login, refreshed, elevated];
      for (const path of ['/logout-here', '/session/logout', '/session/logout-all'])
        answers.push(await post(host, path, third));
      for (const answer of answers) {
        expect(answer.setCookies).toEqual([]);
        expect(answer.text).not.toContain('refresh_token');
      }
      expect([...host.store.calls]).toEqual([]);
    });

    it('a stateless session ignores a refresh cookie', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [['Cookie', `__Host-sess=${token}`]] as const;
      const answer = await host.send('/session/refresh', { method: 'POST', headers });
      expect(answer.status).toBe(401);
      expect(json(answer)).toMatchObject({ code: 'session_required' });
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
      expect(await statusOf(host, token)).toBe(200);
    });

    it('rides on nothing that a browser sends by itself, so its source is not asked', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [bearer(token), ['Sec-Fetch-Site', 'cross-site']] as const;
      for (const [path, status] of [
        ['/session/refresh', 200],
        ['/session/logout', 204],
      ] as const)
        expect((await host.send(path, { method: 'POST', headers })).status).toBe(status);
    });

    it('is shown as the token has it', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [bearer(token)];
      const current = await host.send('/session', { headers });
      expect(current.status).toBe(200);
      expect(json(current)).toEqual(json(await host.send('/me', { headers })));
    });

    it.each([
      ['GET', '/session/list'],
      ['DELETE', `/session/${'A'.repeat(32)}`],
      ['PATCH', '/me'],
      ['POST', '/put'],
      ['POST', '/take'],
    ] as const)('cannot be asked for %s %s: 501', async (method, path) => {
      const host = await useHost(target);
      const { token } = await host.login();
      const body = path.startsWith('/session') ? {} : { body: { name: 'a', value: 1 } };
      const answer = await host.send(path, { method, headers: [bearer(token)], ...body });
      expect(answer.status).toBe(501);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(json(answer)).toMatchObject({ status: 501, code: 'not_supported' });
    });
  });

  describe('refresh by the access token', () => {
    it('a stateless refresh returns the next token, and ends the previous one', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      host.clock.advance('1m');
      const answer = await post(host, '/session/refresh', token);
      expect(answer.status).toBe(200);
      expect(Object.keys(json(answer))).toEqual(['access_token', 'token_type', 'expires_in']);
      expect(json(answer)).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(await statusOf(host, token)).toBe(401);
      expect(await statusOf(host, String(json(answer)['access_token']))).toBe(200);
    });

    it('fifty concurrent stateless refreshes return the same token [rotation.parallel]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const all = Array.from({ length: 50 }, () => tokenOf(post(host, '/session/refresh', token)));
      const tokens = new Set(await Promise.all(all));
      expect(tokens.size).toBe(1);
      expect(await statusOf(host, [...tokens][0] ?? '')).toBe(200);
    });

    it('a lost response of a stateless refresh is repeated within the grace, and not later [rotation.lost]', async () => {
      const host = await useHost(target, { engine: { grace: '10s' } });
      const { token } = await host.login();
      const lost = await tokenOf(post(host, '/session/refresh', token));
      host.clock.advance('9999ms');
      expect(await tokenOf(post(host, '/session/refresh', token))).toBe(lost);
      host.clock.advance('1ms');
      const late = await post(host, '/session/refresh', token);
      expect(late.status).toBe(401);
      expect(late.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(await statusOf(host, lost)).toBe(200);
    });

    it('never goes beyond the absolute end [life.absolute]', async () => {
      const host = await useHost(target, { engine: { absoluteTtl: '20m' } });
      let { token } = await host.login();
      host.clock.advance('14m');
      const answer = await post(host, '/session/refresh', token);
      expect(json(answer)).toMatchObject({ expires_in: 360 });
      token = String(json(answer)['access_token']);
      host.clock.advance('6m');
      expect(await statusOf(host, token)).toBe(401);
      expect((await post(host, '/session/refresh', token)).status).toBe(401);
    });

    it('needs the token, well sent and once [bearer.none, bearer.malformed, bearer.twice, bearer.two-places, bearer.rejected]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const without = await host.send('/session/refresh', { method: 'POST' });
      expect(without.status).toBe(401);
      expect(without.headers['www-authenticate']).toBe('Bearer');
      for (const [path, headers] of [
        ['/session/refresh', [['Authorization', 'Bearer a b']]],
        ['/session/refresh', [bearer(token), bearer(token)]],
        [`/session/refresh?access_token=${token}`, [bearer(token)]],
        ['/session/logout', [['Authorization', 'Bearer a b']]],
      ] as const) {
        const answer = await host.send(path, { method: 'POST', headers });
        expect(answer.status).toBe(400);
        expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_request"');
      }
      const foreign = await post(host, '/session/refresh', 'abc');
      expect(foreign.status).toBe(401);
      expect(foreign.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(await statusOf(host, token)).toBe(200);
    });
  });

  describe('ending by the access token', () => {
    it('logs out, and again, and what was exchanged for the token is dead too [life.logout]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const next = await tokenOf(post(host, '/session/refresh', token));
      for (let time = 0; time < 2; time += 1) {
        const answer = await post(host, '/session/logout', next);
        expect(answer.status).toBe(204);
        expect(answer.text).toBe('');
      }
      expect(await statusOf(host, next)).toBe(401);
      expect((await post(host, '/session/refresh', next)).status).toBe(401);
      expect((await post(host, '/session/refresh', token)).status).toBe(401);
    });

    it('a stateless logout works by a token that another tab has already exchanged', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const next = await tokenOf(post(host, '/session/refresh', token));
      expect((await post(host, '/session/logout', token)).status).toBe(204);
      expect(await statusOf(host, next)).toBe(401);
    });

    it('logs out everywhere [life.everywhere]', async () => {
      const host = await useHost(target);
      const [mine, other] = [await host.login(), await host.login()];
      const bob = await host.login('bob');
      expect((await post(host, '/session/logout-all', mine.token)).status).toBe(200);
      expect(await statusOf(host, mine.token)).toBe(401);
      expect(await statusOf(host, other.token)).toBe(401);
      expect(await statusOf(host, bob.token)).toBe(200);
      expect(await statusOf(host, (await host.login()).token)).toBe(200);
    });

    it('logs out the others, and stays [life.others]', async () => {
      const host = await useHost(target);
      const [mine, other] = [await host.login(), await host.login()];
      expect((await post(host, '/session/logout-others', mine.token)).status).toBe(200);
      expect(await statusOf(host, mine.token)).toBe(200);
      expect(await statusOf(host, other.token)).toBe(401);
      const next = await tokenOf(post(host, '/session/refresh', mine.token));
      expect(await statusOf(host, next)).toBe(200);
    });

    it('ends its own session by its id', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [bearer(token)];
      const { sid } = json(await host.send('/me', { headers }));
      const answer = await host.send(`/session/${String(sid)}`, { method: 'DELETE', headers });
      expect(answer.status).toBe(204);
      expect(await statusOf(host, token)).toBe(401);
    });

    it('a re-authentication ends stateless tokens that were already exchanged [tokens.reauthenticated]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const elevated = await tokenOf(post(host, '/reauth', token));
      expect(await statusOf(host, token)).toBe(401);
      expect((await post(host, '/session/refresh', token)).status).toBe(401);
      expect(await statusOf(host, elevated)).toBe(200);
    });
  });

  describe('without a denylist', () => {
    it('a logout without a denylist gets 501', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      for (const path of ['/session/logout', '/session/logout-all', '/logout-here']) {
        const answer = await post(host, path, token);
        expect([path, answer.status]).toEqual([path, 501]);
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(json(answer)).toMatchObject({ status: 501, code: 'not_revocable' });
      }
      expect(await statusOf(host, token)).toBe(200);
      expect([...host.denylist.calls]).toEqual([]);
    });

    it('a sign-in that brings an earlier token goes on, and that one runs out', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      const headers = [bearer(token)];
      const again = await host.send('/login', { method: 'POST', headers, body: { user: 'ada' } });
      expect(again.status).toBe(200);
      expect(await statusOf(host, String(json(again)['access_token']))).toBe(200);
      expect(await statusOf(host, token)).toBe(200);
      host.clock.advance('15m');
      expect(await statusOf(host, token)).toBe(401);
    });

    it('refreshes go on as well', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      host.clock.advance('14m');
      const next = await tokenOf(post(host, '/session/refresh', token));
      host.clock.advance('14m');
      expect(await statusOf(host, next)).toBe(200);
      expect(await statusOf(host, token)).toBe(401);
    });
  });
}
