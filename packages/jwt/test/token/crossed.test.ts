import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createStatelessSessions, jwt } from '../../src/index.js';
import { AUDIENCE, goodClaims, ISSUER, testKey, tokenOf } from '../arrange.js';

const MALFORMED = { ok: false, reason: 'malformed' };
const COMMON = { issuer: ISSUER, audience: AUDIENCE } as const;

async function arrange() {
  const clock = createFakeClock();
  const by = await testKey('ES256');
  const options = { clock, logger: silentLogger };
  return {
    by,
    opaque: createSessions(options),
    signed: createSessions({
      ...options,
      accessToken: jwt({ ...COMMON, keys: by.key, revocation: 'store' }),
    }),
    stateless: createStatelessSessions({ ...options, ...COMMON, keys: by.key }),
  };
}

describe('tokens of one kind in the place of another [jwt.crossed]', () => {
  it('are refused: a refresh token as an access token, and the reverse', async () => {
    const { signed } = await arrange();
    const { accessToken, refreshToken } = await signed.create({ subject: 'ada' });
    expect(await signed.verify(refreshToken)).toEqual(MALFORMED);
    expect(await signed.refresh(accessToken)).toEqual(MALFORMED);
    // Nobody's session has ended of it.
    expect(await signed.verify(accessToken)).toMatchObject({ ok: true });
    expect(await signed.refresh(refreshToken)).toMatchObject({ ok: true });
  });

  it('are refused: opaque ones where signed ones are issued, and the reverse', async () => {
    const { signed, opaque, stateless } = await arrange();
    const old = await opaque.create({ subject: 'ada' });
    const { accessToken } = await signed.create({ subject: 'ada' });
    expect(await signed.verify(old.accessToken)).toEqual(MALFORMED);
    expect(await stateless.verify(old.accessToken)).toEqual(MALFORMED);
    expect(await stateless.refresh(old.refreshToken)).toEqual(MALFORMED);
    expect(await opaque.verify(accessToken)).toEqual(MALFORMED);
    expect(await opaque.refresh(accessToken)).toEqual(MALFORMED);
  });

  it('are refused: one of an engine without a store where the store is asked', async () => {
    const { signed, stateless } = await arrange();
    const { accessToken } = await stateless.create({ subject: 'ada' });
    expect(await signed.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await signed.refresh(accessToken)).toEqual(MALFORMED);
  });

  it('are refused: one that a store has to renew where tokens renew themselves', async () => {
    const { signed, stateless } = await arrange();
    const { accessToken } = await signed.create({ subject: 'ada' });
    // Else whoever gets hold of one for fifteen minutes could exchange it for ninety days.
    expect(await stateless.refresh(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await stateless.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await stateless.end({ accessToken })).toBe(false);
  });

  it('are refused: another token of the same issuer and key', async () => {
    const { signed, by } = await arrange();
    const { accessToken, session } = await signed.create({ subject: 'ada' });
    expect(await signed.verify(accessToken)).toMatchObject({ ok: true });
    for (const typ of ['JWT', 'id+jwt', undefined]) {
      const claims = goodClaims({ sid: session.sid });
      expect(await signed.verify(tokenOf(by, { header: { typ }, claims }))).toEqual(MALFORMED);
    }
    const claims = goodClaims({ sid: session.sid, jti: 'made up' });
    expect(await signed.verify(tokenOf(by, { claims }))).toEqual({ ok: false, reason: 'unknown' });
  });
});
