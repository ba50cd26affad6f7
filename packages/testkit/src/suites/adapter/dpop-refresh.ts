import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, type TestHost } from './host.js';
import { createProver, signInWithKey } from './prover.js';

/** Refresh, re-authentication and sign-out with tokens that are bound to a key. */
export function describeDpopRefresh(target: Target, open: () => Promise<TestHost>): void {
  const hasNonce = target.mode === 'opaque';
  describe('a refresh token that is bound to a key', () => {
    it('a refresh with a proof of the key returns the next tokens, of type DPoP', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const first = await client.refresh();
      const nonce = first.headers['dpop-nonce'];
      const response = hasNonce ? await client.refresh(nonce) : first;
      expect([response.status, json(response)['token_type']]).toEqual([200, 'DPoP']);
      if (!hasNonce) return;
      expect([first.status, json(first), first.setCookies]).toEqual([
        400,
        { error: 'use_dpop_nonce' },
        [],
      ]);
    });

    it('a refresh without a proof, or with one of another key, is refused, and the holder goes on', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = (await client.refresh()).headers['dpop-nonce'];
      const missing = await host.send('/session/refresh', {
        method: 'POST',
        headers: [client.carried],
      });
      const foreign = await client.refresh(nonce, {}, createProver());
      const forged = await client.refresh(nonce, { isCut: true });
      for (const response of [missing, foreign, forged]) {
        expect([response.status, json(response)]).toEqual([400, { error: 'invalid_dpop_proof' }]);
        expect(response.headers['content-type']).toBe('application/json');
      }
      expect((await client.refresh(nonce)).status).toBe(200);
    });

    it('a refresh never binds a session: a thief would bind it to another key', async () => {
      const host = await open();
      const { carried } = await host.login();
      const path = '/session/refresh';
      const proof = createProver().prove({ method: 'POST', path, at: host.clock.now() });
      const response = await host.send(path, {
        method: 'POST',
        headers: [carried, ['DPoP', proof]],
      });
      expect([response.status, json(response)['token_type']]).toEqual([200, 'Bearer']);
    });

    it('a re-authentication keeps the key, and binds a session that has none', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      const again = await client.call('/reauth', { method: 'POST', nonce });
      expect([again.status, json(again)['token_type']]).toEqual([200, 'DPoP']);
      const { token } = await host.login('bob');
      const proof = client.prover.prove({ method: 'POST', path: '/reauth', at: host.clock.now() });
      const bound = await host.send('/reauth', {
        method: 'POST',
        headers: [bearer(token), ['DPoP', proof]],
      });
      expect([bound.status, json(bound)['token_type']]).toEqual([200, 'DPoP']);
    });

    it('a sign-out with a bound token ends its session', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const response = await client.call('/session/logout', { method: 'POST' });
      expect(response.status).toBe(204);
      expect((await client.call('/me')).status).toBe(401);
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('a failing store gives 503 to a bound token and to its refresh', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      host.fail();
      expect((await client.refresh(nonce)).status).toBe(503);
      if (target.mode === 'opaque') expect((await client.call('/me', { nonce })).status).toBe(503);
      host.heal();
      expect((await client.refresh(nonce)).status).toBe(200);
    });
  });
}
