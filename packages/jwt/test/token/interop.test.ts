import { Buffer } from 'node:buffer';
import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { CompactSign, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createStatelessSessions, jwt } from '../../src/index.js';
import {
  ALL_ALGORITHMS,
  AUDIENCE,
  arrangeReader,
  goodClaims,
  goodHeader,
  ISSUER,
  outcomeOf,
  type TestKey,
  testKey,
  tokenOf,
} from '../arrange.js';

/** The same key as jose alone imports it: the public part to verify, where there is one. */
async function joseKeys({ jwk, alg }: TestKey) {
  const { d: _, p: __, q: ___, dp: ____, dq: _____, qi: ______, ...open } = jwk;
  return { signing: await importJWK(jwk, alg), verifying: await importJWK(open as JWK, alg) };
}

describe.each(ALL_ALGORITHMS)('a token of %s', (alg) => {
  it('is verified here when jose alone has signed it', async () => {
    const by = await testKey(alg);
    const { read } = arrangeReader(by.key);
    const { signing } = await joseKeys(by);
    const { iss, aud, sub, sid, jti, iat, exp } = goodClaims();
    const token = await new SignJWT({ sid, role: 'admin' })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: by.kid })
      .setIssuer(String(iss))
      .setAudience(String(aud))
      .setSubject(String(sub))
      .setJti(String(jti))
      .setIssuedAt(Number(iat))
      .setExpirationTime(Number(exp))
      .sign(signing);
    expect(await read(token)).toMatchObject({
      ok: true,
      sid,
      digest: jti,
      claimed: {
        session: { subject: 'ada', data: { role: 'admin' }, expiresAt: Number(exp) * 1_000 },
      },
    });
    const bytes = Buffer.from(JSON.stringify(goodClaims()));
    const plain = new CompactSign(bytes).setProtectedHeader(goodHeader(by) as { alg: string });
    expect(outcomeOf(await read(await plain.sign(signing)))).toBe('accepted');
  });

  it('is verified by jose alone when an engine has signed it, with or without a store', async () => {
    const by = await testKey(alg);
    const { verifying } = await joseKeys(by);
    const clock = createFakeClock();
    const common = { keys: by.key, issuer: ISSUER, audience: AUDIENCE };
    const engines = [
      createSessions({
        accessToken: jwt({ ...common, revocation: 'none' }),
        clock,
        logger: silentLogger,
      }),
      createStatelessSessions({ ...common, clock, logger: silentLogger }),
    ];
    for (const sessions of engines) {
      const { accessToken, session } = await sessions.create({
        subject: 'ada',
        data: { role: 'x' },
      });
      const { payload, protectedHeader } = await jwtVerify(accessToken, verifying, {
        typ: 'at+jwt',
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: [alg],
        requiredClaims: ['sub', 'jti', 'iat', 'exp', 'sid'],
        currentDate: new Date(clock.now()),
      });
      expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: by.kid });
      expect(payload).toMatchObject({ sub: 'ada', sid: session.sid, role: 'x' });
      await sessions.close();
    }
  });

  it('is the same for jose and for node:crypto', async () => {
    const by = await testKey(alg);
    const { verifying } = await joseKeys(by);
    const options = { currentDate: new Date(createFakeClock().now()) };
    await expect(jwtVerify(tokenOf(by), verifying, options)).resolves.toBeDefined();
    expect(await by.key.verify(tokenOf(by))).toBe(true);
  });
});
