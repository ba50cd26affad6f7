import { describe, expect, it } from 'vitest';
import { bearer, cookieHeader, type Target, useHost } from './host.js';

/** Which session routes there are, what they take, and who is let in. */
export function describeRouteTable(target: Target): void {
  describe('the table of session routes', () => {
    it.each([
      ['/session', 'GET'],
      ['/session/list', 'GET'],
      ['/session/logout-all', 'POST'],
      ['/session/logout-others', 'POST'],
      [`/session/${'A'.repeat(32)}`, 'DELETE'],
    ])('guards %s', async (path, method) => {
      const host = await useHost(target);
      const { cookie } = await host.login();
      const none = await host.send(path, { method, headers: [cookieHeader(cookie)] });
      expect(none.status).toBe(401);
      expect(none.headers['www-authenticate']).toBe('Bearer');
      const two = await host.send(path, { method, headers: [bearer('abc'), bearer('abc')] });
      expect(two.status).toBe(400);
      expect((await host.send(path, { method, headers: [bearer('abc')] })).status).toBe(401);
    });

    it.each([
      ['/session/refresh', ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'], 'POST'],
      ['/session/logout', ['GET', 'HEAD', 'DELETE'], 'POST'],
      ['/session/logout-all', ['GET', 'DELETE'], 'POST'],
      ['/session', ['POST', 'DELETE', 'PUT'], 'GET, HEAD'],
      ['/session/list', ['POST', 'DELETE'], 'GET, HEAD'],
    ])(
      'a wrong method on %s gets 405 and Allow [responses.methods, csrf.methods]',
      async (path, methods, allow) => {
        const host = await useHost(target);
        const { cookie, token } = await host.login();
        const before = host.calls();
        for (const method of methods) {
          const answer = await host.send(path, {
            method,
            headers: [cookieHeader(cookie), bearer(token)],
          });
          expect(answer.status).toBe(405);
          expect(answer.headers['allow']).toBe(allow);
          expect(answer.setCookies).toEqual([]);
        }
        expect(host.calls()).toEqual(before);
      },
    );

    it('takes any Content-Type and an empty body [csrf.plain]', async () => {
      const host = await useHost(target);
      for (const type of [
        'text/plain',
        'application/json',
        'application/xml',
        'multipart/form-data',
      ]) {
        const { carried } = await host.login();
        const headers = [carried, ['Content-Type', type]] as const;
        expect((await host.send('/session/refresh', { method: 'POST', headers })).status).toBe(200);
      }
    });

    it('mounts refresh and logout by default, and leaves other paths to the application', async () => {
      const host = await useHost(target, { protocol: { routes: 'default' } });
      const { token, carried } = await host.login();
      expect((await host.send('/session/list', { headers: [bearer(token)] })).status).toBe(404);
      expect((await host.send('/session', { headers: [bearer(token)] })).status).toBe(404);
      expect(
        (await host.send('/session/refresh', { method: 'POST', headers: [carried] })).status,
      ).toBe(200);
    });

    it('mounts nothing with routes: none, and elsewhere with a base path', async () => {
      const none = await useHost(target, { protocol: { routes: 'none' } });
      expect((await none.send('/session/refresh', { method: 'POST' })).status).toBe(404);
      const moved = await useHost(target, { protocol: { basePath: '/auth/s' } });
      expect((await moved.send('/session/refresh', { method: 'POST' })).status).toBe(404);
      expect((await moved.send('/auth/s/refresh', { method: 'POST' })).status).toBe(401);
      expect((await moved.send('/auth/sx/refresh', { method: 'POST' })).status).toBe(404);
    });
  });
}
