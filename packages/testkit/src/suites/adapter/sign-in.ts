import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';

/** Sign-in and sign-out, as far as they need neither cookie nor store. */
export function describeSignIn(target: Target): void {
  describe('signing in and out', () => {
    it('a sign-in returns a token response with no-store [responses.token, cookies.no-store]', async () => {
      const host = await useHost(target);
      const answer = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(answer.status).toBe(200);
      expect(Object.keys(json(answer))).toEqual(['access_token', 'token_type', 'expires_in']);
      expect(json(answer)).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('ends the session whose bearer token comes with a new sign-in [tokens.renewed]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const again = await host.send('/login', {
        method: 'POST',
        headers: [bearer(token)],
        body: { user: 'ada' },
      });
      expect(again.status).toBe(200);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
      const next = bearer(String(json(again)['access_token']));
      expect((await host.send('/me', { headers: [next] })).status).toBe(200);
    });

    it('keeps the session that it has when a new sign-in is refused', async () => {
      const host = await useHost(target);
      const { token, carried } = await host.login();
      const headers = [bearer(token), ...(carried[0] === 'Cookie' ? [carried] : [])];
      const refused = await host.send('/login', { method: 'POST', headers, body: { user: '' } });
      expect(refused.status).toBe(400);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });

    it('is refused to a page of another site, and nothing is touched [csrf.cross-site, csrf.untouched, csrf.vary]', async () => {
      const host = await useHost(target);
      const before = host.calls();
      const answer = await host.send('/login', {
        method: 'POST',
        headers: [['Sec-Fetch-Site', 'cross-site']],
        body: { user: 'mallory' },
      });
      // Without a cookie there is nothing that a page of another site could use.
      if (target.mode === 'stateless') return void expect(answer.status).toBe(200);
      expect(answer.status).toBe(403);
      expect(json(answer)).toMatchObject({ code: 'cross_site_request' });
      expect(answer.headers['vary']).toMatch(/Sec-Fetch-Site, Origin/i);
      expect(host.calls()).toEqual(before);
    });

    it('signs out where the application does it, by the bearer token', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const headers = [bearer(token)];
      expect((await host.send('/logout-here', { method: 'POST', headers })).status).toBe(204);
      expect((await host.send('/me', { headers })).status).toBe(401);
    });

    it.each([undefined, null, 7, true, { id: 1 }])(
      'responds with 500 to a program that signs in %j instead of a string',
      async (user) => {
        const host = await useHost(target);
        const answer = await host.send('/login', { method: 'POST', body: { user } });
        expect(answer.status).toBe(500);
        expect(answer.setCookies).toEqual([]);
      },
    );

    it.each(['', 'x'.repeat(513), '\ud800'])(
      'responds with 400 to a subject that is empty, too long or ill-formed: %#',
      async (user) => {
        const host = await useHost(target);
        const answer = await host.send('/login', { method: 'POST', body: { user } });
        expect(answer.status).toBe(400);
        expect(json(answer)).toMatchObject({ code: 'invalid_subject' });
        expect(answer.setCookies).toEqual([]);
      },
    );

    it('keeps users apart when they interleave [store.apart]', async () => {
      const host = await useHost(target);
      const users = Array.from({ length: 25 }, (_, n) => `user-${n}`);
      const logins = await Promise.all(users.map((user) => host.login(user)));
      const answers = await Promise.all(
        logins.flatMap(({ token }, n) =>
          Array.from({ length: 4 }, async () => {
            const answer = await host.send('/me', { headers: [bearer(token)] });
            return [json(answer)['subject'], users[n]];
          }),
        ),
      );
      for (const [seen, expected] of answers) expect(seen).toBe(expected);
    });
  });
}
