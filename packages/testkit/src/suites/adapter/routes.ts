import { describe, expect, it } from 'vitest';
import { bearer, cookieHeader, json, type Target, useHost } from './host.js';

/** What the session routes other than refresh do to sessions in a store. */
export function describeRoutes(target: Target): void {
  describe('session routes', () => {
    it.each([
      ['cookie', (login: { token: string; cookie: string }) => [cookieHeader(login.cookie)]],
      ['bearer', (login: { token: string; cookie: string }) => [bearer(login.token)]],
      [
        'both',
        (login: { token: string; cookie: string }) => [
          cookieHeader(login.cookie),
          bearer(login.token),
        ],
      ],
    ])(
      'logs out by %s, and again, and everything is dead [life.logout, cookies.cleared]',
      async (_by, headersOf) => {
        const host = await useHost(target);
        const login = await host.login();
        for (let time = 0; time < 2; time += 1) {
          const answer = await host.send('/session/logout', {
            method: 'POST',
            headers: headersOf(login),
          });
          expect(answer.status).toBe(204);
          expect(answer.text).toBe('');
          expect(answer.setCookies).toEqual([
            '__Host-sess=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0',
          ]);
        }
        expect((await host.send('/me', { headers: [bearer(login.token)] })).status).toBe(401);
        const refresh = { method: 'POST', headers: [cookieHeader(login.cookie)] };
        expect((await host.send('/session/refresh', refresh)).status).toBe(401);
      },
    );

    it('logs out without any credentials, to the same end', async () => {
      const host = await useHost(target);
      expect((await host.send('/session/logout', { method: 'POST' })).status).toBe(204);
    });

    it('logs out by an access token that has run out: its holder only wants to be gone', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      host.clock.advance('1h');
      const headers = [bearer(token)];
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(204);
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('a forged token ends no session [rotation.forged]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      const forged = `${cookie.slice(0, -3)}AAA`;
      expect(
        (await host.send('/session/logout', { method: 'POST', headers: [cookieHeader(forged)] }))
          .status,
      ).toBe(204);
      const foreign = bearer(`${token.slice(0, -3)}AAA`);
      expect(
        (await host.send('/session/logout', { method: 'POST', headers: [foreign] })).status,
      ).toBe(204);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });

    it('refuses to log out by a bearer token that is not well sent, or sent twice [bearer.two-places]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      for (const [path, headers] of [
        ['/session/logout', [cookieHeader(cookie), ['Authorization', 'Bearer a b']]],
        [`/session/logout?access_token=${token}`, [bearer(token)]],
      ] as const) {
        expect((await host.send(path, { method: 'POST', headers })).status).toBe(400);
      }
      const kinds = [
        cookieHeader(`__Host-sess=${token}`),
        bearer(cookie.replace('__Host-sess=', '')),
      ];
      await host.send('/session/logout', { method: 'POST', headers: kinds });
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
    });

    it("keeps the own cookie when it ends another one of one's sessions", async () => {
      const host = await useHost(target);
      const [mine, other] = [await host.login(), await host.login()];
      const { sid } = json(await host.send('/me', { headers: [bearer(other.token)] }));
      const answer = await host.send(`/session/${String(sid)}`, {
        method: 'DELETE',
        headers: [bearer(mine.token)],
      });
      expect(answer.status).toBe(204);
      expect(answer.setCookies).toEqual([]);
    });

    it('shows the session at the top level, and the list with this one marked [life.list]', async () => {
      const host = await useHost(target);
      const first = await host.login();
      host.clock.advance('1s');
      await host.login();
      await host.login('bob');
      const current = await host.send('/session', { headers: [bearer(first.token)] });
      expect(json(current)).toMatchObject({ subject: 'ada' });
      expect(current.headers['cache-control']).toBe('no-store');
      const { sessions } = json(
        await host.send('/session/list', { headers: [bearer(first.token)] }),
      ) as {
        sessions: { current: boolean; subject: string; sid: string }[];
      };
      expect(sessions.map((session) => session.current)).toEqual([true, false]);
      expect(sessions[0]?.sid).toBe(json(current)['sid']);
    });

    it('session routes respond to HEAD as to GET, without a body [responses.head]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const answer = await host.send('/session', { method: 'HEAD', headers: [bearer(token)] });
      expect(answer.status).toBe(200);
      expect(answer.text).toBe('');
      const get = await host.send('/session', { headers: [bearer(token)] });
      expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(get.text)));
    });

    it('logs out everywhere, and counts [life.everywhere]', async () => {
      const host = await useHost(target);
      const tokens = [await host.login(), await host.login(), await host.login()];
      const headers = [bearer(tokens[0]?.token ?? '')];
      const answer = await host.send('/session/logout-all', { method: 'POST', headers });
      expect(answer.status).toBe(200);
      expect(json(answer)).toEqual({ revoked: 3 });
      expect(answer.setCookies.join()).toContain('Max-Age=0');
      for (const { token } of tokens)
        expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });

    it('logs out the others, and stays [life.others]', async () => {
      const host = await useHost(target);
      const [mine, other] = [await host.login(), await host.login()];
      const answer = await host.send('/session/logout-others', {
        method: 'POST',
        headers: [bearer(mine.token)],
      });
      expect(json(answer)).toEqual({ revoked: 1 });
      expect((await host.send('/me', { headers: [bearer(mine.token)] })).status).toBe(200);
      expect((await host.send('/me', { headers: [bearer(other.token)] })).status).toBe(401);
    });

    it("ends one of one's own sessions, and no one else's [life.list]", async () => {
      const host = await useHost(target);
      const [mine, other, bob] = [await host.login(), await host.login(), await host.login('bob')];
      const sidOf = async (token: string) =>
        json(await host.send('/me', { headers: [bearer(token)] }))['sid'] as string;
      const end = (sid: string) =>
        host.send(`/session/${sid}`, { method: 'DELETE', headers: [bearer(mine.token)] });
      const bobs = await sidOf(bob.token);
      const others = await sidOf(other.token);
      expect((await end(others)).status).toBe(204);
      const refusals = [await end(others), await end(bobs), await end('A'.repeat(32))];
      for (const refusal of refusals) {
        expect(refusal.status).toBe(404);
        expect(refusal.text).toBe(refusals[0]?.text);
      }
      // What has not the form of a session id belongs to the application, which has no such route here.
      for (const other of ['x', '%00', 'a:b', 'a;b']) {
        const answer = await end(other);
        expect(answer.status).toBe(404);
        expect(answer.headers['content-type']).not.toBe('application/problem+json');
      }
      expect((await host.send('/me', { headers: [bearer(bob.token)] })).status).toBe(200);
      expect((await host.send('/me', { headers: [bearer(other.token)] })).status).toBe(401);
    });
  });
}
