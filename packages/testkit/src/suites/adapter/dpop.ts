import { describe, expect, it } from 'vitest';
import { PRIVATE_JWK } from './device.js';
import { describeDpopRefresh } from './dpop-refresh.js';
import { bearer, json, type Target, type TestHost, useHost } from './host.js';
import { createProver, DPOP_ORIGIN, type DpopChange, signInWithKey } from './prover.js';

const ALGS = 'algs="ES256 EdDSA"';
const INVALID = `DPoP error="invalid_dpop_proof", ${ALGS}`;
const NONCE = `DPoP error="use_dpop_nonce", ${ALGS}`;

/** Changes of a proof that make it worthless. */
const FORGERIES: readonly (readonly [string, DpopChange])[] = [
  ['another type', { header: { typ: 'jwt' } }],
  ['no type', { header: { typ: undefined } }],
  ['no algorithm', { header: { alg: 'none' } }],
  ['an algorithm of a shared secret', { header: { alg: 'HS256' } }],
  ['an algorithm that was not offered', { header: { alg: 'PS256' } }],
  ['the name of a member that every object has as its algorithm', { header: { alg: 'toString' } }],
  ['a critical extension', { header: { crit: ['b64'], b64: true } }],
  ['no key', { header: { jwk: undefined } }],
  ['a private key', { header: { jwk: PRIVATE_JWK } }],
  ['a symmetric key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
  [
    'a key that is not on the curve',
    { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } } },
  ],
  ['a damaged signature', { isCut: true }],
  ['no identifier', { claims: { jti: undefined } }],
  ['an identifier of 15 characters', { claims: { jti: 'x'.repeat(15) } }],
  ['an identifier of 257 characters', { claims: { jti: 'x'.repeat(257) } }],
  ['another method', { claims: { htm: 'POST' } }],
  ['the method in another case', { claims: { htm: 'get' } }],
  ['another path', { claims: { htu: `${DPOP_ORIGIN}/public` } }],
  ['another origin', { claims: { htu: 'https://other.example/me' } }],
  ['a URL without an origin', { claims: { htu: '/me' } }],
  ['a time of two minutes ago', { claims: { iat: Date.UTC(2026, 0, 1) / 1_000 - 120 } }],
  ['a time of one minute ahead', { claims: { iat: Date.UTC(2026, 0, 1) / 1_000 + 60 } }],
  ['a time that is text', { claims: { iat: '1767225600' } }],
  ['no digest of the token', { claims: { ath: undefined } }],
  ['the digest of another token', { claims: { ath: 'x'.repeat(43) } }],
];

/** Access and refresh tokens that are bound to a key (RFC 9449). */
export function describeDpop(target: Target): void {
  const { dpop } = target;
  if (dpop === undefined) return;
  const hasNonce = target.mode === 'opaque';
  const open = (): Promise<TestHost> => useHost(target, { protocol: { bound: dpop } });

  describe('a token that is bound to a key', () => {
    it('a sign-in with a proof returns a token of type DPoP, which works with proofs of the key', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      const response = await client.call('/me', { nonce });
      expect(response.status).toBe(200);
      expect(json(response)).toMatchObject({
        subject: 'ada',
        binding: { kind: 'dpop', jkt: client.prover.jkt },
      });
      const guarded = await client.call('/bound', { nonce });
      expect(guarded.status).toBe(200);
    });

    it.runIf(hasNonce)('a request reads the session once, and writes nothing', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      await client.call('/me', { nonce: client.first });
      const calls = host.calls();
      expect((await client.call('/me', { nonce: client.first })).status).toBe(200);
      expect(host.calls()).toEqual({ ...calls, load: (calls['load'] ?? 0) + 1 });
    });

    it('a sign-in without a proof returns a bearer token, which no proof makes a bound one', async () => {
      const host = await open();
      const { token } = await host.login();
      expect((await host.send('/me', { headers: [bearer(token)] })).status).toBe(200);
      const proof = createProver().prove({
        method: 'GET',
        path: '/me',
        at: host.clock.now(),
        token,
      });
      const response = await host.send('/me', { headers: withProof(token, proof) });
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        401,
        `DPoP error="invalid_token", ${ALGS}`,
      ]);
    });

    it('a sign-in with a proof that is not accepted is refused', async () => {
      const host = await open();
      const prover = createProver();
      const proof = prover.prove({ method: 'GET', path: '/login', at: host.clock.now() });
      const response = await host.send('/login', {
        method: 'POST',
        body: { user: 'ada' },
        headers: [['DPoP', proof]],
      });
      expect([response.status, json(response)['code']]).toEqual([400, 'invalid_dpop_proof']);
      expect(response.setCookies).toEqual([]);
    });

    it('a request without credentials gets the challenges of both schemes', async () => {
      const host = await open();
      const response = await host.send('/me');
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        401,
        `Bearer, DPoP ${ALGS}`,
      ]);
    });

    it('a bound token is refused as a bearer token, and without a proof', async () => {
      const host = await open();
      const { token } = await signInWithKey(host);
      const plain = await host.send('/me', { headers: [bearer(token)] });
      expect([plain.status, plain.headers['www-authenticate']]).toEqual([
        401,
        'Bearer error="invalid_token"',
      ]);
      const missing = await host.send('/me', { headers: withProof(token) });
      expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, INVALID]);
      expect(json(await host.send('/public', { headers: [bearer(token)] }))).toEqual({
        user: null,
      });
    });

    it.each(FORGERIES)('a proof with %s is refused', async (_what, change) => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      const response = await client.call('/me', { nonce }, change);
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, INVALID]);
      expect((await client.call('/me', { nonce })).status).toBe(200);
    });

    it('a proof that is sent twice in one request, or again in the next, is refused', async () => {
      const host = await open();
      const { token, prover, nonce } = await signInWithKey(host);
      const input = {
        method: 'GET',
        path: '/me',
        at: host.clock.now(),
        token,
        nonce: await nonce(),
      };
      const send = (...proofs: string[]) =>
        host.send('/me', { headers: withProof(token, ...proofs) });
      expect((await send(prover.prove(input), prover.prove(input))).status).toBe(401);
      const proof = prover.prove(input);
      expect((await send(proof)).status).toBe(200);
      const again = await send(proof);
      expect([again.status, again.headers['www-authenticate']]).toEqual([401, INVALID]);
    });

    it('a proof of another key is refused, however good', async () => {
      const host = await open();
      const client = await signInWithKey(host);
      const nonce = await client.nonce();
      const { token } = client;
      const proof = createProver().prove({
        method: 'GET',
        path: '/me',
        at: host.clock.now(),
        token,
        nonce,
      });
      const response = await host.send('/me', { headers: withProof(token, proof) });
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, INVALID]);
    });

    it.runIf(hasNonce)(
      'a proof without the nonce, or with one of ten minutes ago, is asked for the newest',
      async () => {
        const host = await open();
        const client = await signInWithKey(host);
        const missing = await client.call('/me');
        expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, NONCE]);
        const nonce = missing.headers['dpop-nonce'];
        expect((await client.call('/me', { nonce })).headers['dpop-nonce']).toBe(nonce);
        host.clock.advance('5m');
        expect((await client.call('/me', { nonce })).status).toBe(200);
        host.clock.advance('5m');
        const stale = await client.call('/me', { nonce });
        expect([stale.status, stale.headers['www-authenticate']]).toEqual([401, NONCE]);
        expect(stale.headers['dpop-nonce']).not.toBe(nonce);
      },
    );

    it('a second token in the query is refused, as beside a bearer token', async () => {
      const host = await open();
      const { token, prover } = await signInWithKey(host);
      const proof = prover.prove({ method: 'GET', path: '/me', at: host.clock.now(), token });
      const response = await host.send('/me?access_token=other', {
        headers: withProof(token, proof),
      });
      expect([response.status, json(response)['code']]).toEqual([400, 'invalid_request']);
    });

    it('a sign-out with two cookies ends the session of the bound token', async () => {
      const host = await open();
      const { token, carried } = await signInWithKey(host);
      const [, cookies = ''] = carried;
      const twice = `${cookies}; ${cookies.replace(/=.*/, '=other')}`;
      await host.send('/session/logout', {
        method: 'POST',
        headers: [...withProof(token), ['Cookie', twice]],
      });
      expect(await host.sessions.list('ada')).toEqual([]);
    });

    it('a proof with EdDSA is accepted', async () => {
      const host = await open();
      const client = await signInWithKey(host, createProver('EdDSA'));
      expect((await client.call('/me', { nonce: await client.nonce() })).status).toBe(200);
    });

    it('a token that is unknown is invalid_token, and costs no signature', async () => {
      const host = await open();
      const { prover } = await signInWithKey(host);
      const token = 'sat_unknown';
      const proof = prover.prove({ method: 'GET', path: '/me', at: host.clock.now(), token });
      const response = await host.send('/me', { headers: withProof(token, proof) });
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        401,
        `DPoP error="invalid_token", ${ALGS}`,
      ]);
    });
  });

  describeDpopRefresh(target, open);
}

/** The headers of a request with a bound token. */
function withProof(token: string, ...proofs: readonly string[]): (readonly [string, string])[] {
  return [['Authorization', `DPoP ${token}`], ...proofs.map((proof) => ['DPoP', proof] as const)];
}
