import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';

/** A denylist that does not answer says nothing of a token: never 200, never 401. */
export function describeDenylistFaults(target: Target): void {
  describe('a failing denylist', () => {
    it('is answered with 503 and Retry-After wherever a token counts, and nothing is lost [store.fault]', async () => {
      const host = await useHost(target);
      const { token, carried } = await host.login();
      host.denylist.fail();
      const requests = [
        ['GET', '/me', bearer(token)],
        ['GET', '/public', bearer(token)],
        ['GET', '/session', bearer(token)],
        ['POST', '/session/refresh', carried],
        ['POST', '/session/logout', carried],
        ['POST', '/session/logout', bearer(token)],
        ['POST', '/session/logout-all', bearer(token)],
        ['POST', '/logout-here', bearer(token)],
      ] as const;
      for (const [method, path, header] of requests) {
        const answer = await host.send(path, { method, headers: [header] });
        expect([method, path, answer.status]).toEqual([method, path, 503]);
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(json(answer)).toMatchObject({ code: 'store_unavailable' });
        expect(answer.setCookies).toEqual([]);
        expect(answer.text).not.toContain('down');
      }
      host.denylist.heal();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      const refresh = { method: 'POST', headers: [carried] };
      expect((await host.send('/session/refresh', refresh)).status).toBe(200);
    });

    it('lets nobody sign in with a token that nothing could end', async () => {
      const host = await useHost(target);
      host.denylist.fail();
      const answer = await host.send('/login', { method: 'POST', body: { user: 'ada' } });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.setCookies).toEqual([]);
    });

    it('does not touch requests without a token', async () => {
      const host = await useHost(target);
      host.denylist.fail();
      expect((await host.send('/public')).status).toBe(200);
      expect((await host.send('/me')).status).toBe(401);
      expect((await host.send('/me', { headers: [bearer('abc')] })).status).toBe(401);
      expect((await host.send('/session/logout', { method: 'POST' })).status).toBe(204);
    });

    it('lets public pages through as anonymous only where that was chosen', async () => {
      const host = await useHost(target, { protocol: { onStoreError: 'anonymous' } });
      const { token } = await host.login();
      host.denylist.fail();
      const headers = [bearer(token)];
      expect(json(await host.send('/public', { headers }))).toEqual({ user: null });
      expect((await host.send('/me', { headers })).status).toBe(401);
      expect((await host.send('/session/logout', { method: 'POST', headers })).status).toBe(503);
    });

    it('fails a logout that cannot be written, and the token stays good [store.failed-end]', async () => {
      const host = await useHost(target);
      const { token, carried } = await host.login();
      host.denylist.fail('deny', 'denyAll', 'succeed');
      const request = { method: 'POST', headers: [carried] };
      const answer = await host.send('/session/logout', request);
      expect(answer.status).toBe(503);
      expect(answer.setCookies).toEqual([]);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      host.denylist.heal();
      expect((await host.send('/session/logout', request)).status).toBe(204);
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(401);
    });
  });
}
