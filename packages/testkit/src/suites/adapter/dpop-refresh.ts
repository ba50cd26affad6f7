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
      const refused = [missing, foreign, forged].map((response) => {
        expect(response.headers['content-type']).toBe('application/json');
        return [response.status, json(response)['error']];
      });
      expect(refused).toEqual([
        [400, 'invalid_dpop_proof'],
        // RFC 6749, section 5.2: a token that was issued to another client. Its holder has to sign in.
        [400, 'invalid_grant'],
        [400, 'invalid_dpop_proof'],
      ]);
      expect((await client.refresh(nonce)).status).toBe(200);
    });

    it('a refresh reads the session once and writes once, whether it is bound or not', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = (await client.refresh()).headers['dpop-nonce'];
      const { carried } = await host.login('bob');
      const refreshBob = () =>
        host.send('/session/refresh', { method: 'POST', headers: [carried] });
      for (const refresh of [() => client.refresh(nonce), refreshBob]) {
        const before = host.calls();
        expect((await refresh()).status).toBe(200);
        const after = host.calls();
        const added = (name: 'load' | 'replaceAuth') => (after[name] ?? 0) - (before[name] ?? 0);
        expect([added('load'), added('replaceAuth')]).toEqual([1, 1]);
      }
    });

    it.runIf(hasNonce)(
      'a sign-in, a refresh and a re-authentication return the nonce for what follows',
      async () => {
        const host = await open();
        const client = await signInWithKey(host);
        const { nonce } = client;
        expect(client.first).toBe(await nonce());
        const refreshed = await client.refresh(client.first);
        const next = refreshed.headers['dpop-nonce'];
        expect(next).not.toBe(client.first);
        const again = await client.call('/reauth', { method: 'POST', nonce: next });
        expect([again.status, again.headers['dpop-nonce']]).toEqual([200, await nonce()]);
      },
    );

    it('a refusal for want of a good proof is reported with the kind of the token', async () => {
      const host = await open();
      const seen: unknown[] = [];
      host.sessions.on('rejected', ({ token, reason }) => void seen.push(`${token} ${reason}`));
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      await client.call('/me', { nonce }, { isCut: true });
      await client.call('/me', { nonce }, { claims: { htm: 'POST' } });
      await host.send('/me', {
        headers: [
          ['Authorization', `DPoP ${client.token}`],
          ['DPoP', createProver().prove({ method: 'GET', path: '/me', at: host.clock.now() })],
        ],
      });
      expect(seen).toEqual(Array(3).fill('access unbound'));
      await client.refresh(nonce, {}, createProver());
      await client.refresh(nonce, { isCut: true });
      await host.send('/session/refresh', { method: 'POST', headers: [client.carried] });
      expect(seen.slice(3)).toEqual(Array(3).fill('refresh unbound'));
      expect((await client.refresh(nonce)).status).toBe(200);
      expect(seen).toHaveLength(6);
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
