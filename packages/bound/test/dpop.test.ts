import { createSessions, type SessionsOptions } from '@sess/core';
import { createSessionHttp, type HttpOptions } from '@sess/core/http';
import { contextOf, type EngineContext } from '@sess/core/internal';
import { generateKey, jwt, verifyOnly } from '@sess/jwt';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createReplayMemory } from '../src/dpop/claims.js';
import { createOperations } from '../src/dpop/operations.js';
import type { DpopProof } from '../src/dpop/proof.js';
import { dpop } from '../src/index.js';

const ORIGIN = 'https://api.example.com';

describe('the option bound: dpop()', () => {
  it.each([
    ['no origin', {}, /dpop: origin/],
    ['an origin with a path', { origin: `${ORIGIN}/api` }, /dpop: origin: expected an origin/],
    ['an origin that is a host', { origin: 'api.example.com' }, /dpop: origin/],
    ['a misspelt option', { origin: ORIGIN, require: true }, /require/],
  ])('refuses %s when it is created', (_what, options, message) => {
    expect(() => dpop(options as never)).toThrow(message);
  });

  it('is refused where only the cookie counts', () => {
    const options: HttpOptions = { transport: 'cookie', bound: dpop({ origin: ORIGIN }) };
    const open = () => createSessionHttp(() => createSessions(), options);
    expect(open).toThrow(/transport: expected 'bearer' or 'both' with bound: dpop/);
  });
});

describe('the memory of proofs', () => {
  const proof = (jkt: string, jti: string): DpopProof => ({
    jws: '',
    alg: 'ES256',
    jwk: {},
    jkt,
    claims: { jti },
  });

  it('knows a proof of one key for as long as it would be accepted, and no other', () => {
    const isFirst = createReplayMemory();
    expect(isFirst(proof('a', 'x'), 0)).toBe(true);
    expect(isFirst(proof('a', 'x'), 64_999)).toBe(false);
    expect(isFirst(proof('b', 'x'), 0)).toBe(true);
    expect(isFirst(proof('a', 'y'), 0)).toBe(true);
    expect(isFirst(proof('a', 'x'), 65_000)).toBe(true);
  });
});

describe('a session that is bound to a key, by an engine alone', () => {
  const jkt = 'k'.repeat(43);

  /** Signs in as a middleware does for a client that has proved a key. */
  async function signIn(options: SessionsOptions = {}) {
    const sessions = createSessions({ logger: silentLogger, ...options });
    const context = contextOf(sessions) as EngineContext;
    const { create } = createOperations(context, { jkt, loaded: undefined, onWrite: () => {} });
    return { sessions, issued: await create({ subject: 'ada' }) };
  }

  it('is refused by every operation that takes a token without a proof, and stays', async () => {
    const { sessions, issued } = await signIn();
    const unbound = { ok: false, reason: 'unbound' };
    expect(await sessions.verify(issued.accessToken)).toEqual(unbound);
    expect(await sessions.authenticate(`Bearer ${issued.accessToken}`)).toEqual(unbound);
    expect(await sessions.refresh(issued.refreshToken)).toEqual(unbound);
    const presented = await sessions.present(issued.refreshToken, { canRenew: true });
    expect(presented).toEqual({ ok: false, reason: 'unknown' });
    expect((await sessions.get(issued.session.sid))?.binding).toEqual({ kind: 'dpop', jkt });
  });

  it('keeps its key through a re-authentication', async () => {
    const { sessions, issued } = await signIn();
    const elevated = await sessions.elevate(issued.session.sid);
    expect(elevated?.session.binding).toEqual({ kind: 'dpop', jkt });
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ reason: 'unbound' });
  });

  it('has cnf in its signed tokens, which a service that only verifies takes with the key alone', async () => {
    const keys = await generateKey('ES256');
    const given = { issuer: ORIGIN, audience: ORIGIN };
    const { sessions, issued } = await signIn({
      accessToken: jwt({ ...given, keys, revocation: 'none' }),
    });
    const claims = JSON.parse(
      Buffer.from(issued.accessToken.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims.cnf).toEqual({ jkt });
    const jwks = (await sessions.publicKeys?.()) as never;
    const service = verifyOnly({ ...given, jwks, logger: silentLogger }) as unknown as {
      verify(token: string, how?: { jkt: string }): Promise<unknown>;
    };
    const { accessToken } = issued;
    expect(await service.verify(accessToken)).toEqual({ ok: false, reason: 'unbound' });
    const other = { jkt: 'o'.repeat(43) };
    expect(await service.verify(accessToken, other)).toMatchObject({ reason: 'unbound' });
    expect(await service.verify(accessToken, { jkt })).toMatchObject({
      ok: true,
      session: { binding: { kind: 'dpop', jkt } },
    });
  });
});
