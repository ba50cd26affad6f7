import { describe, expect, it } from 'vitest';
import { bearer, cookieHeader, cookiePair, json, type Target, useHost } from './host.js';

/** `POST {base}/refresh`: rotation as a browser and its cookie jar see it. */
export function describeRefresh(target: Target): void {
  const refresh = { method: 'POST', path: '/session/refresh' } as const;

  describe('refresh', () => {
    it('a refresh returns new tokens in the form of RFC 6749 5.1, with no-store [responses.token, cookies.no-store, rotation.rotates]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      host.clock.advance('1m');
      const answer = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      expect(answer.status).toBe(200);
      expect(Object.keys(json(answer))).toEqual(['access_token', 'token_type', 'expires_in']);
      expect(json(answer)).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
      expect(json(answer)['access_token']).not.toBe(token);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(cookiePair(answer)).toBeDefined();
      expect(cookiePair(answer)).not.toBe(cookie);
      expect(
        (await host.send('/me', { headers: [bearer(String(json(answer)['access_token']))] }))
          .status,
      ).toBe(200);
    });

    it('leaves the earlier access token its time', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      host.clock.advance('14m');
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      host.clock.advance('1m');
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });

    it('gives fifty parallel requests with one cookie 200 and one successor [rotation.parallel]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] }),
        ),
      );
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
      expect(new Set(answers.map(cookiePair)).size).toBe(1);
      expect(new Set(answers.map((answer) => json(answer)['access_token'])).size).toBe(1);
    });

    it('repeats the same pair when the response was lost, however late [rotation.lost]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const lost = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      host.clock.advance('10m');
      const retry = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      expect(retry.status).toBe(200);
      expect(cookiePair(retry)).toBe(cookiePair(lost));
    });

    it('a replay within the grace is repeated, and later gets 401 and ends the session [rotation.reuse, rotation.grace]', async () => {
      const host = await useHost(target);
      const reuse: unknown[] = [];
      host.sessions.on('reuse', (event) => void reuse.push(event));
      const { cookie } = await host.login();
      const first = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      const token = String(json(first)['access_token']);
      await host.send('/me', { headers: [bearer(token)] });
      host.clock.advance('9999ms');
      const within = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      expect(cookiePair(within)).toBe(cookiePair(first));
      expect(json(within)['access_token']).toBe(token);
      host.clock.advance('1ms');
      const after = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      expect(after.status).toBe(401);
      expect(json(after)).toMatchObject({ code: 'refresh_token_rejected' });
      expect(after.setCookies).toEqual([]);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
      const newest = cookiePair(first) ?? '';
      expect(
        (await host.send(refresh.path, { ...refresh, headers: [cookieHeader(newest)] })).status,
      ).toBe(401);
      expect(reuse).toHaveLength(1);
    });

    it('sets no cookie while it holds the newest token after a replay, so that no jar falls back [rotation.order, rotation.rotates]', async () => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const [first] = await Promise.all([
        host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] }),
        host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] }),
      ]);
      const newest = cookiePair(first) ?? '';
      const held = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(newest)] });
      expect(held.status).toBe(200);
      expect(held.setCookies).toEqual([]);
      host.clock.advance('20s');
      const rotated = await host.send(refresh.path, {
        ...refresh,
        headers: [cookieHeader(newest)],
      });
      expect(cookiePair(rotated)).not.toBe(newest);
    });

    it('a refresh without a cookie gets 401, and sets no cookie', async () => {
      const host = await useHost(target);
      const answer = await host.send(refresh.path, refresh);
      expect(answer.status).toBe(401);
      expect(json(answer)).toMatchObject({ code: 'refresh_token_missing' });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.setCookies).toEqual([]);
    });

    it.each(['malformed', 'unknown', 'expired'])(
      'never clears the cookie of a race that was lost: %s [rotation.loser]',
      async (kind) => {
        const host = await useHost(target);
        const { cookie } = await host.login();
        if (kind === 'unknown') await host.sessions.revokeAll('ada');
        if (kind === 'expired') host.clock.advance('7d');
        const sent = kind === 'malformed' ? '__Host-sess=garbage' : cookie;
        const answer = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(sent)] });
        expect(answer.status).toBe(401);
        expect(json(answer)).toMatchObject({ code: 'refresh_token_rejected' });
        expect(answer.setCookies).toEqual([]);
      },
    );

    it('ends a session after its idle time, and after its absolute time however busy [life.idle, life.absolute]', async () => {
      const host = await useHost(target, { engine: { idleTtl: '1h', absoluteTtl: '3h' } });
      const idle = await host.login('idle');
      const busy = await host.login('busy');
      let jar = busy.cookie;
      for (let step = 0; step < 4; step += 1) {
        host.clock.advance('50m');
        if (step === 3) break;
        const answer = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(jar)] });
        expect(answer.status).toBe(200);
        jar = cookiePair(answer) ?? jar;
        if (step === 2) {
          expect(json(answer)['expires_in']).toBe(900);
          expect(answer.setCookies[0]).toContain('Max-Age=1800');
        }
      }
      for (const cookie of [idle.cookie, jar]) {
        expect(
          (await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] })).status,
        ).toBe(401);
      }
    });

    it('ends a session to the second: idle, and used up to its absolute end [life.idle, life.absolute]', async () => {
      const host = await useHost(target, { engine: { idleTtl: '1h', absoluteTtl: '150m' } });
      const send = (cookie: string) =>
        host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      const [steady, idle] = [await host.login(), await host.login()];
      host.clock.advance('3599s');
      let answer = await send(steady.cookie);
      expect(answer.status).toBe(200);
      host.clock.advance('2s');
      expect((await send(idle.cookie)).status).toBe(401);
      // From here on the other one is used more often than its idle time asks for.
      for (const step of ['3000s', '2398s'] as const) {
        host.clock.advance(step);
        answer = await send(cookiePair(answer) ?? '');
        expect(answer.status).toBe(200);
      }
      const newest = bearer(String(json(answer)['access_token']));
      expect((await host.send('/me', { headers: [newest] })).status).toBe(200);
      host.clock.advance('2s');
      expect((await send(cookiePair(answer) ?? '')).status).toBe(401);
      expect((await host.send('/me', { headers: [newest] })).status).toBe(401);
    });

    it('never promises an access token beyond the absolute end', async () => {
      const host = await useHost(target, { engine: { idleTtl: '1h', absoluteTtl: '1h' } });
      const { cookie } = await host.login();
      host.clock.advance('55m');
      const answer = await host.send(refresh.path, { ...refresh, headers: [cookieHeader(cookie)] });
      expect(json(answer)['expires_in']).toBe(300);
      expect(answer.setCookies[0]).toContain('Max-Age=300');
    });

    it('carries the refresh token in bodies only where that was chosen [cookies.only, cookies.no-store]', async () => {
      const host = await useHost(target, { protocol: { refreshTransport: 'body' } });
      const login = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(login.setCookies).toEqual([]);
      const { refresh_token: token } = json(login);
      const answer = await host.send(refresh.path, { ...refresh, body: { refresh_token: token } });
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toEqual([]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(json(answer)['refresh_token']).toMatch(/^srt_/);
      const asCookie = await host.send(refresh.path, {
        ...refresh,
        headers: [cookieHeader(`__Host-sess=${String(token)}`)],
      });
      expect(asCookie.status).toBeGreaterThanOrEqual(400);
      expect(
        (await host.send(refresh.path, { ...refresh, body: '{"refresh_token":' })).status,
      ).toBe(400);
      expect(
        (await host.send(refresh.path, { ...refresh, body: { refresh_token: 7 } })).status,
      ).toBe(401);
      expect((await host.send(refresh.path, refresh)).status).toBe(401);
      const huge = JSON.stringify({ refresh_token: 'x'.repeat(200_000) });
      expect((await host.send(refresh.path, { ...refresh, body: huge })).status).toBe(400);
      const out = await host.send('/session/logout', {
        method: 'POST',
        body: { refresh_token: json(answer)['refresh_token'] },
      });
      expect(out.status).toBe(204);
      expect(await host.sessions.list('ada')).toEqual([]);
      const { token: other } = await host.login();
      const byBearer = { method: 'POST', headers: [bearer(other)] };
      expect((await host.send('/session/logout', byBearer)).status).toBe(204);
      expect(await host.sessions.list('ada')).toEqual([]);
    });
  });
}
