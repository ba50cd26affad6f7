import { describe, expect, it } from 'vitest';
import { bearer, cookieHeader, cookiePair, json, type Target, useHost } from './host.js';

const post = { method: 'POST' } as const;

/** What an application around the adapter does with its routes, its responses and what it was handed. */
export function describeApplication(target: Target): void {
  describe("the application's own routes below the base path", () => {
    it.each(['GET', 'POST'])(
      'handle %s although all session routes are mounted',
      async (method) => {
        const host = await useHost(target);
        const answer = await host.send('/session/own', { method });
        expect([answer.status, json(answer)]).toEqual([200, { own: true }]);
      },
    );

    it('handle the methods that no session route has, for a segment in the form of a session id', async () => {
      const host = await useHost(target);
      const answer = await host.send(`/session/${'A'.repeat(32)}`);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).not.toBe('application/problem+json');
    });

    it.each(['/session/refresh', '/session/logout', '/session/list'])(
      'get the preflight of a page of another origin to %s',
      async (path) => {
        const host = await useHost(target);
        const headers = [
          ['Origin', 'https://app.example'],
          ['Access-Control-Request-Method', 'POST'],
        ] as const;
        const answer = await host.send(path, { method: 'OPTIONS', headers });
        expect(answer.status).not.toBe(405);
      },
    );
  });

  describe('a response that carries tokens', () => {
    it.each(['public', 'head', 'list'])(
      'is not stored although the application allows caches to keep it (%s)',
      async (kind) => {
        const host = await useHost(target);
        const answer = await host.send(`/login/${kind}`, { ...post, body: { user: 'ada' } });
        expect(answer.status).toBe(200);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.headers['cdn-cache-control']).toBeUndefined();
        expect(answer.headers['x-kind']).toBe(kind);
        expect(answer.setCookies.join()).toContain('late=1');
        if (target.mode !== 'stateless') expect(cookiePair(answer)).toBeDefined();
      },
    );

    it('is not stored when it removes the cookie', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const answer = await host.send('/logout-here', { ...post, headers: [bearer(token)] });
      if (answer.setCookies.length > 0) expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.status).toBe(204);
    });
  });

  describe('the session object that a handler gets', () => {
    it('a write by the handler to its session object changes no decision', async () => {
      const host = await useHost(target);
      const [ada, eve] = [await host.login('ada'), await host.login('eve')];
      const { sid } = json(await host.send('/me', { headers: [bearer(ada.token)] }));
      const answer = await host.send('/tamper', {
        ...post,
        headers: [bearer(eve.token)],
        body: { sid, subject: 'ada' },
      });
      expect(answer.status).toBe(200);
      const verified = await host.sessions.verify(String(json(answer)['access_token']));
      expect(verified).toMatchObject({ ok: true, session: { subject: 'eve' } });
    });
  });
}

/** What only engines with refresh tokens have: cookies that were doubled, limits, and bodies with tokens. */
export function describeCredentials(target: Target): void {
  const plain = { secure: false, path: '/session' } as const;

  describe('two refresh cookies of one name', () => {
    it('do not keep the session of a good bearer token alive at a sign-out', async () => {
      const host = await useHost(target);
      const [one, two] = [await host.login(), await host.login()];
      const headers = [cookieHeader(`${one.cookie}; ${two.cookie}`), bearer(two.token)];
      expect((await host.send('/session/logout', { ...post, headers })).status).toBe(204);
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('are refused once: the refusal removes those with other paths', async () => {
      const host = await useHost(target, { protocol: { cookie: plain } });
      const { cookie } = await host.login();
      const both = [cookieHeader(`${cookie}; sess=of-an-earlier-path`)];
      const refused = await host.send('/session/refresh', { ...post, headers: both });
      expect(refused.status).toBe(400);
      const removed = refused.setCookies.map((line) => /Path=([^;]*).*Max-Age=0/.exec(line)?.[1]);
      expect(removed).toContain('/');
      expect(removed).not.toContain('/session');
      const again = { ...post, headers: [cookieHeader(cookie)] };
      expect((await host.send('/session/refresh', again)).status).toBe(200);
    });

    it('are avoided by naming the earlier paths, which each sign-in clears', async () => {
      const cookie = { ...plain, clearPaths: ['/', '/api'] };
      const host = await useHost(target, { protocol: { cookie } });
      const answer = await host.send('/login', { ...post, body: { user: 'ada' } });
      expect(answer.setCookies).toEqual([
        expect.stringMatching(/^sess=; Path=\/; .*Max-Age=0$/),
        expect.stringMatching(/^sess=; Path=\/api; .*Max-Age=0$/),
        expect.stringMatching(/^sess=srt_.*; Path=\/session; /),
      ]);
    });
  });

  describe('a sign-in that is refused', () => {
    it('changes nothing for the user who is signed in', async () => {
      const host = await useHost(target, { engine: { maxPerSubject: 1, onLimit: 'reject' } });
      await host.sessions.create({ subject: 'bob' });
      const { token, cookie } = await host.login('ada');
      const headers = [bearer(token), cookieHeader(cookie)];
      const refused = await host.send('/login', { ...post, headers, body: { user: 'bob' } });
      expect([refused.status, refused.setCookies]).toEqual([409, []]);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });

    it('is not refused for the session that it replaces', async () => {
      const host = await useHost(target, { engine: { maxPerSubject: 1, onLimit: 'reject' } });
      const { token, cookie } = await host.login('ada');
      const headers = [bearer(token), cookieHeader(cookie)];
      const again = await host.send('/login', { ...post, headers, body: { user: 'ada' } });
      expect(again.status).toBe(200);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
      expect(await host.sessions.list('ada')).toHaveLength(1);
    });

    it('changes nothing when the store fails', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login('ada');
      const headers = [bearer(token), cookieHeader(cookie)];
      host.store.fail('insert');
      const refused = await host.send('/login', { ...post, headers, body: { user: 'bob' } });
      expect(refused.status).toBe(503);
      host.heal();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });
  });

  describe('a refresh token in the body', () => {
    const protocol = { refreshTransport: 'body' } as const;

    it('that cannot be read is refused at a sign-out, which still ends the session of the bearer token', async () => {
      const host = await useHost(target, { protocol });
      const { token } = await host.login();
      const request = { ...post, headers: [bearer(token)], body: '{"refresh_token":' };
      expect((await host.send('/session/logout', request)).status).toBe(400);
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('needs no origin, because no cookie is read or set', async () => {
      const host = await useHost(target, { protocol });
      const headers = [
        ['Origin', 'null'],
        ['Sec-Fetch-Site', 'cross-site'],
      ] as const;
      const login = await host.send('/login', { ...post, headers, body: { user: 'ada' } });
      expect(login.status).toBe(200);
      const body = { refresh_token: json(login)['refresh_token'] };
      const refreshed = await host.send('/session/refresh', { ...post, headers, body });
      expect([refreshed.status, refreshed.setCookies]).toEqual([200, []]);
    });
  });
}

/** Routes that act on the store, asked with a token whose session has ended and that no denylist knows. */
export function describeEndedSession(target: Target): void {
  describe('a signed token of an ended session', () => {
    it.each([
      ['GET', '/session'],
      ['GET', '/session/list'],
      ['POST', '/session/logout-all'],
      ['POST', '/session/logout-others'],
      ['DELETE', '/session/:sid'],
    ])('does nothing at %s %s', async (method, path) => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      await host.sessions.revokeAll('ada');
      const { session } = await host.sessions.create({ subject: 'ada' });
      const url = path.replace(':sid', session.sid);
      const answer = await host.send(url, { method, headers: [bearer(token)] });
      expect([answer.status, json(answer)['code']]).toEqual([401, 'invalid_token']);
      expect(await host.sessions.list('ada')).toHaveLength(1);
    });
  });
}
