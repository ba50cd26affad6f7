import { describe, expect, it } from 'vitest';
import { bearer, cookieHeader, json, type Target, useHost } from './host.js';
import { expectOutage, expectStrangersServed } from './outage.js';

/** What clients see while the store fails: never 200, never 401, and no cookie lost. */
export function describeFaults(target: Target): void {
  describe('a failing store', () => {
    it('a failing store gives 503 and Retry-After wherever credentials count, and cookies stay [store.fault]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      host.fail();
      const requests = [
        ['GET', '/me', bearer(token)],
        ['GET', '/public', bearer(token)],
        ['GET', '/session', bearer(token)],
        ['GET', '/session/list', bearer(token)],
        ['POST', '/session/refresh', cookieHeader(cookie)],
        ['POST', '/session/logout', cookieHeader(cookie)],
        ['POST', '/session/logout', bearer(token)],
        ['POST', '/session/logout-all', bearer(token)],
        ['DELETE', `/session/${'A'.repeat(32)}`, bearer(token)],
      ] as const;
      await expectOutage(host, requests);
      host.heal();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      expect(
        (await host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(cookie)] }))
          .status,
      ).toBe(200);
    });

    it('a failing store gives 503 at sign-in, step-up and update, too [store.fault]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      host.store.fail('insert', 'replaceAuth', 'replaceData');
      const requests = [
        ['POST', '/login', [], { user: 'ada' }],
        ['PATCH', '/me', [bearer(token)], { a: 1 }],
        // Last: signed tokens are denied before the store is written to, and nothing takes that back.
        ['POST', '/reauth', [bearer(token)], {}],
      ] as const;
      for (const [method, path, headers, body] of requests) {
        const answer = await host.send(path, { method, headers, body });
        expect([path, answer.status]).toEqual([path, 503]);
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.setCookies).toEqual([]);
      }
    });

    it('does not touch requests without credentials', async () => {
      const host = await useHost(target);
      host.fail();
      await expectStrangersServed(host);
    });

    it('lets public pages through as anonymous only where that was chosen', async () => {
      const host = await useHost(target, { protocol: { onStoreError: 'anonymous' } });
      const { token, cookie } = await host.login();
      host.fail();
      expect(json(await host.send('/public', { headers: [bearer(token)] }))).toEqual({
        user: null,
      });
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
      expect(
        (await host.send('/session/refresh', { method: 'POST', headers: [cookieHeader(cookie)] }))
          .status,
      ).toBe(503);
    });

    it('reports a failed logout as failed: the session is not gone, and the cookie stays [store.failed-end]', async () => {
      const host = await useHost(target);
      const { token, cookie } = await host.login();
      host.store.fail('remove');
      const answer = await host.send('/session/logout', {
        method: 'POST',
        headers: [cookieHeader(cookie)],
      });
      expect(answer.status).toBe(503);
      expect(answer.setCookies).toEqual([]);
      host.heal();
      expect(await host.sessions.list('ada')).toHaveLength(1);
      // A signed token is denied first: were it the other way round, nothing could end it any more.
      const me = await host.send('/me', { headers: [bearer(token)] });
      expect(me.status).toBe(target.mode === 'jwt' ? 401 : 200);
      const again = { method: 'POST', headers: [cookieHeader(cookie)] };
      expect((await host.send('/session/logout', again)).status).toBe(204);
      expect(await host.sessions.list('ada')).toEqual([]);
    });
  });
}
