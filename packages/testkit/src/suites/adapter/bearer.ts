import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';

/** RFC 6750 and 9470 on a guarded route. */
export function describeBearer(target: Target): void {
  describe('bearer credentials', () => {
    it('lets a valid token in, and shows the session', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const answer = await host.send('/me', { headers: [bearer(token)] });
      expect(answer.status).toBe(200);
      expect(json(answer)).toMatchObject({ subject: 'ada', data: {}, createdAt: host.clock.now() });
      expect(Object.keys(json(answer)).sort()).toEqual(
        [
          'authenticatedAt',
          'createdAt',
          'data',
          'device',
          'expiresAt',
          'lastUsedAt',
          'sid',
          'subject',
        ].sort(),
      );
    });

    it.each(['bearer', 'BEARER', 'Bearer  ', 'bEaReR    '])(
      'takes the scheme as "%s" [bearer.scheme]',
      async (scheme) => {
        const host = await useHost(target);
        const { token } = await host.login();
        const answer = await host.send('/me', {
          headers: [['Authorization', `${scheme} ${token}`]],
        });
        expect(answer.status).toBe(200);
      },
    );

    it.each([
      ['nothing', []],
      ['another scheme', [['Authorization', 'Basic YWRhOmFkYQ==']]],
      ['a scheme that only begins alike', [['Authorization', 'Bearerish abc']]],
    ] as const)(
      'a request with %s gets 401 with a bare challenge [bearer.none]',
      async (_what, headers) => {
        const host = await useHost(target);
        const answer = await host.send('/me', { headers });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(json(answer)).toMatchObject({ status: 401, code: 'session_required' });
        expect(host.lookups()).toBe(0);
      },
    );

    it.each([
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Bearer a,b',
      'Bearer "abc"',
      'Bearer =',
      'Bearer tök',
      'Bearer a=b',
    ])('the header "%s" gets 400 invalid_request [bearer.malformed]', async (value) => {
      const host = await useHost(target);
      const answer = await host.send('/me', { headers: [['Authorization', value]] });
      expect(answer.status).toBe(400);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_request"');
      expect(json(answer)).toMatchObject({ code: 'invalid_request' });
      expect(host.lookups()).toBe(0);
    });

    it('two Authorization headers get 400 invalid_request, although one is valid [bearer.twice]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      for (const lines of [
        [bearer(token), bearer(token)],
        [bearer(token), ['Authorization', 'Basic abc']],
        [['Authorization', 'Basic abc'], bearer(token)],
      ] as const) {
        const answer = await host.send('/me', { headers: lines });
        expect(answer.status).toBe(400);
        expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_request"');
      }
    });

    it('a token in header and query, or header and form, gets 400 invalid_request [bearer.two-places]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      expect(
        (await host.send(`/me?access_token=${token}`, { headers: [bearer(token)] })).status,
      ).toBe(400);
      const form = await host.send('/form', {
        method: 'POST',
        headers: [bearer(token), ['Content-Type', 'application/x-www-form-urlencoded']],
        body: `access_token=${token}`,
      });
      expect(form.status).toBe(400);
      expect(form.headers['www-authenticate']).toBe('Bearer error="invalid_request"');
    });

    it('never accepts a token in a URL or a form alone [tokens.url]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      expect((await host.send(`/me?access_token=${token}`)).status).toBe(401);
      const form = await host.send('/form', {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: `access_token=${token}`,
      });
      expect(form.status).toBe(401);
    });

    it('has one body for a token that is foreign, unknown, expired or revoked [bearer.rejected]', async () => {
      const host = await useHost(target);
      const expired = await host.login('expired');
      host.clock.advance('14m');
      const revoked = await host.login('revoked');
      await host.sessions.revokeAll('revoked');
      const live = await host.login();
      host.clock.advance('1m');
      const tokens = [
        'abc',
        'eyJhbGciOiJub25lIn0.e30.',
        // Another end than its own, which may be any.
        live.token.replace(/..$/, (end) => (end === 'AA' ? 'BA' : 'AA')),
        expired.token,
        revoked.token,
      ];
      const answers = await Promise.all(
        tokens.map((token) => host.send('/me', { headers: [bearer(token)] })),
      );
      for (const answer of answers) {
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
        expect(answer.text).toBe(answers[0]?.text);
      }
    });

    it('puts nothing of what was sent into a header [bearer.echo]', async () => {
      const host = await useHost(target);
      for (const value of ['Bearer canary"x', 'Bearer canary', 'Bearer canary, error="x"']) {
        const answer = await host.send('/me?canary=1', { headers: [['Authorization', value]] });
        expect(JSON.stringify(answer.headers)).not.toContain('canary');
        expect(answer.text).not.toContain('canary');
      }
    });

    it('refuses an over-long token before it is looked up [tokens.length]', async () => {
      const host = await useHost(target);
      const answer = await host.send('/me', { headers: [bearer('a'.repeat(7_000))] });
      expect(answer.status).toBe(401);
      expect(host.lookups()).toBe(0);
    });

    it('an open route stays open with any credentials', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const users = [];
      for (const headers of [
        [],
        [bearer(token)],
        [bearer('abc')],
        [['Authorization', 'Bearer a b']],
      ] as const) {
        const answer = await host.send('/public', { headers });
        expect(answer.status).toBe(200);
        users.push(json(answer)['user']);
      }
      expect(users).toEqual([null, 'ada', null, null]);
    });

    it('asks for a fresh sign-in after five minutes, and takes one [bearer.step-up]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      host.clock.advance('5m');
      expect(
        (await host.send('/transfer', { method: 'POST', headers: [bearer(token)] })).status,
      ).toBe(200);
      host.clock.advance('1ms');
      const answer = await host.send('/transfer', { method: 'POST', headers: [bearer(token)] });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer error="insufficient_user_authentication", max_age=300',
      );
      const elevated = json(
        await host.send('/reauth', { method: 'POST', headers: [bearer(token)] }),
      );
      const again = await host.send('/transfer', {
        method: 'POST',
        headers: [bearer(String(elevated['access_token']))],
      });
      expect(again.status).toBe(200);
    });

    it('a guard whose condition fails responds 403', async () => {
      const host = await useHost(target);
      const ada = await host.login();
      const admin = await host.login('admin');
      const answer = await host.send('/admin', { headers: [bearer(ada.token)] });
      expect(answer.status).toBe(403);
      expect(json(answer)).toMatchObject({ code: 'access_denied' });
      expect((await host.send('/admin', { headers: [bearer(admin.token)] })).status).toBe(200);
    });

    it('looks a token up once a request', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const before = host.lookups();
      await host.send('/me', { headers: [bearer(token)] });
      expect(host.lookups() - before).toBe(1);
    });
  });
}
