import { describe, expect, it, vi } from 'vitest';
import { bearer, cookieHeader, cookiePair, json, type Target, useHost } from './host.js';

/** `start`, `end`, `update` and `elevate` of a request. */
export function describeRequestSessions(target: Target): void {
  describe('a request and its session', () => {
    it('a sign-in returns a token response with no-store, and records the device', async () => {
      const host = await useHost(target);
      const answer = await host.send('/login', {
        method: 'POST',
        headers: [['User-Agent', 'suite/1.0']],
        body: { user: 'ada' },
      });
      expect(answer.status).toBe(200);
      expect(json(answer)).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect((await host.sessions.list('ada'))[0]?.device).toMatchObject({
        userAgent: 'suite/1.0',
        ip: '127.0.0.1',
      });
    });

    it.each(['cookie', 'bearer'])(
      'ends the session whose %s comes with a new sign-in [tokens.renewed]',
      async (by) => {
        const host = await useHost(target);
        const old = await host.login();
        const headers = by === 'cookie' ? [cookieHeader(old.cookie)] : [bearer(old.token)];
        const answer = await host.send('/login', {
          method: 'POST',
          headers,
          body: { user: 'ada' },
        });
        expect(answer.status).toBe(200);
        expect(cookiePair(answer)).not.toBe(old.cookie);
        expect((await host.send('/me', { headers: [bearer(old.token)] })).status).toBe(401);
        const refresh = await host.send('/session/refresh', {
          method: 'POST',
          headers: [cookieHeader(old.cookie)],
        });
        expect(refresh.status).toBe(401);
        expect(await host.sessions.list('ada')).toHaveLength(1);
      },
    );

    it('a sign-in ends a session that an attacker planted, and adopts no id that was never issued [tokens.planted]', async () => {
      const host = await useHost(target);
      const planted = await host.login('mallory');
      const { sid } = json(await host.send('/me', { headers: [bearer(planted.token)] }));
      const answer = await host.send('/login', {
        method: 'POST',
        headers: [cookieHeader(planted.cookie)],
        body: { user: 'ada' },
      });
      expect(answer.status).toBe(200);
      expect(cookiePair(answer)).not.toContain(String(sid));
      expect((await host.send('/me', { headers: [bearer(planted.token)] })).status).toBe(401);
      const refresh = { method: 'POST', headers: [cookieHeader(planted.cookie)] };
      expect((await host.send('/session/refresh', refresh)).status).toBe(401);
      expect(await host.sessions.list('mallory')).toEqual([]);

      const neverIssued = `__Host-sess=srt_${'A'.repeat(32)}.${'A'.repeat(22)}.${'A'.repeat(43)}`;
      const made = await host.send('/login', {
        method: 'POST',
        headers: [cookieHeader(neverIssued)],
        body: { user: 'bob' },
      });
      expect(cookiePair(made)).not.toContain('A'.repeat(32));
      const adopted = { method: 'POST', headers: [cookieHeader(neverIssued)] };
      expect((await host.send('/session/refresh', adopted)).status).toBe(401);
    });

    it('never adopts a planted id, and ends nothing by one that is forged [rotation.forged]', async () => {
      const host = await useHost(target);
      const victim = await host.login('bob');
      const forged = `${victim.cookie.slice(0, -3)}AAA`;
      const answer = await host.send('/login', {
        method: 'POST',
        headers: [cookieHeader(forged), bearer(`${victim.token.slice(0, -3)}AAA`)],
        body: { user: 'ada' },
      });
      expect(answer.status).toBe(200);
      expect(cookiePair(answer)?.slice(0, 48)).not.toBe(victim.cookie.slice(0, 48));
      expect((await host.send('/me', { headers: [bearer(victim.token)] })).status).toBe(200);
    });

    it('is not signed out by a page of another site [csrf.cross-site]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const headers = [cookieHeader(cookie), ['Sec-Fetch-Site', 'cross-site']] as const;
      const answer = await host.send('/logout-here', { method: 'POST', headers });
      expect(answer.status).toBe(403);
      expect(answer.setCookies).toEqual([]);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });

    it('signs out by itself', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const answer = await host.send('/logout-here', {
        method: 'POST',
        headers: [cookieHeader(cookie)],
      });
      expect(answer.status).toBe(204);
      expect(answer.setCookies.join()).toContain('__Host-sess=; ');
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });

    it('an update merges the data, and returns the session after it', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const patch = (body: object) =>
        host.send('/me', { method: 'PATCH', headers: [bearer(token)], body });
      expect(json(await patch({ a: 1 }))).toMatchObject({ data: { a: 1 } });
      expect(json(await patch({ b: [2] }))).toMatchObject({ data: { a: 1, b: [2] } });
      // A guarded route shows the claims of the token; a signed token holds the state at its issue.
      const path = target.mode === 'jwt' ? '/session' : '/me';
      expect(json(await host.send(path, { headers: [bearer(token)] }))).toMatchObject({
        data: { a: 1, b: [2] },
      });
    });

    it('does not come back to life by a PATCH that was in flight during logout: 401 [rotation.logout]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const slow = host.send('/race', {
        method: 'POST',
        headers: [bearer(token)],
        body: { late: true },
      });
      await host.arrived();
      expect(
        (await host.send('/session/logout', { method: 'POST', headers: [cookieHeader(cookie)] }))
          .status,
      ).toBe(204);
      host.open();
      const answer = await slow;
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(await host.sessions.list('ada')).toEqual([]);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });

    it('elevates: new tokens, after whose use the earlier ones are dead, and never called reused [tokens.reauthenticated, rotation.reauthentication, cookies.no-store]', async () => {
      const host = await useHost(target);
      const reuse: unknown[] = [];
      host.sessions.on('reuse', (event) => void reuse.push(event));
      const { token, cookie } = await host.login();
      host.clock.advance('1s');
      const answer = await host.send('/reauth', {
        method: 'POST',
        headers: [bearer(token), cookieHeader(cookie)],
      });
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(cookiePair(answer)).toBeDefined();
      const elevated = [bearer(String(json(answer)['access_token']))];
      expect((await host.send('/me', { headers: elevated })).status).toBe(200);
      // The use of the new token is recorded in the background.
      await vi.waitFor(async () => {
        const [session] = await host.sessions.list('ada');
        expect(
          (await host.store.store.load(session?.sid ?? '')).record?.auth.former,
        ).toBeUndefined();
      });
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
      const old = await host.send('/session/refresh', {
        method: 'POST',
        headers: [cookieHeader(cookie)],
      });
      expect(old.status).toBe(401);
      expect(old.setCookies).toEqual([]);
      expect(reuse).toEqual([]);
      expect((await host.send('/me', { headers: elevated })).status).toBe(200);
    });

    it('a lost response to a re-authentication does not sign out: the earlier cookie counts, un-elevated [step-up.page]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      host.clock.advance('6m');
      const cookies = [cookieHeader(cookie)];
      await host.send('/reauth', { method: 'POST', headers: [bearer(token)] });
      // The client has not received the response. It refreshes, and authenticates again.
      const again = await host.send('/session/refresh', { method: 'POST', headers: cookies });
      expect(again.status).toBe(200);
      expect(again.setCookies).toEqual([]);
      const earlier = [bearer(String(json(again)['access_token']))];
      expect((await host.send('/me', { headers: earlier })).status).toBe(200);
      expect((await host.send('/transfer', { method: 'POST', headers: earlier })).status).toBe(401);
      const second = await host.send('/reauth', { method: 'POST', headers: earlier });
      const elevated = [bearer(String(json(second)['access_token']))];
      expect((await host.send('/transfer', { method: 'POST', headers: elevated })).status).toBe(
        200,
      );
    });

    it.each([
      ['a list', '["x"]', 400],
      [
        'a prototype',
        '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
        200,
      ],
      ['65 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 400],
      ['20,000 levels', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 400],
    ])('takes no harm from %s in a patch [data.prototype]', async (_what, body, status) => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [bearer(token), ['Content-Type', 'application/json']] as const;
      expect((await host.send('/me', { method: 'PATCH', headers, body })).status).toBe(status);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
      const [session] = await host.sessions.list('ada');
      expect(session?.data['admin']).toBeUndefined();
      expect(Object.keys(session?.data ?? {})).not.toContain('__proto__');
    });
  });
}
