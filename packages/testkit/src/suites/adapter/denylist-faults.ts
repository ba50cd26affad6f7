import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';
import { expectOutage, expectStrangersServed } from './outage.js';

/** A denylist that does not respond is no verdict on a token: never 200, never 401. */
export function describeDenylistFaults(target: Target): void {
  describe('a failing denylist', () => {
    it('a failing denylist gives 503 and Retry-After wherever a token counts, and nothing is lost [store.fault]', async () => {
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
      await expectOutage(host, requests);
      host.denylist.heal();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      const refresh = { method: 'POST', headers: [carried] };
      expect((await host.send('/session/refresh', refresh)).status).toBe(200);
    });

    it('a failing denylist refuses sign-ins, whose tokens could not be revoked', async () => {
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
      await expectStrangersServed(host);
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
      host.denylist.fail('deny', 'denyAll', 'supersede');
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
