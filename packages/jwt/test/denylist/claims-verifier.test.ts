import type { Session } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import type { TokenReading } from '../../src/token/reader.js';
import { settle } from '../engines.js';
import { arrange } from './arrange.js';
import { createFakeTokens, readFake } from './fake-tokens.js';

describe('a signed token', () => {
  it('a signed token is trusted where the denylist knows that it is valid, and looked up where it does not', async () => {
    let isSure = true;
    let asked = 0;
    const accessToken = createFakeTokens({
      broken: {
        isKnownValid: () => isSure,
        isDenied: async () => {
          asked += 1;
          return false;
        },
      },
    });
    const { sessions } = arrange({ accessToken });
    const issued = await sessions.create({ subject: 'ada' });
    asked = 0;
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(asked).toBe(0);
    isSure = false;
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(asked).toBe(1);
  });

  it.each(['malformed', 'expired'] as const)(
    'that is read as %s is refused as that',
    async (reason) => {
      const { sessions, events } = arrangeReading({ ok: false, reason });
      expect(await sessions.verify('any')).toEqual({ ok: false, reason });
      expect(events).toEqual([['rejected', { token: 'access', reason }]]);
    },
  );

  it('may take its time to be read', async () => {
    const read = async (token: unknown, at: number) => readFake(token, at);
    const { clock, sessions } = arrange({
      accessToken: createFakeTokens({ revocation: 'none', read }),
    });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    clock.advance('15m');
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('a signed token without a generation acknowledges nothing', async () => {
    const sid = `${tagFor('ada')}${'A'.repeat(16)}`;
    const session = { sid, subject: 'ada' } as Session<object>;
    const claimed = { session, generation: -1, version: 1 };
    const times = { notBefore: 0, expiresAt: Number.MAX_SAFE_INTEGER };
    const reading = { ok: true, sid, digest: 'any', claimed, ...times } as const;
    const { sessions, faulty } = arrangeReading(reading);
    expect(await sessions.verify('any')).toEqual({ ok: true, session });
    await settle();
    expect(faulty.calls.size).toBe(0);
  });

  it('a signed token that is not genuine ends no session that it names', async () => {
    const { sessions, faulty } = arrangeReading({ ok: false, reason: 'malformed' });
    const { session } = await sessions.create({ subject: 'ada' });
    const named = arrangeReading({
      ok: false,
      reason: 'expired',
      sid: session.sid,
    });
    Object.assign(named.faulty.store, { load: faulty.store.load });
    expect(await named.sessions.end({ accessToken: 'any' })).toBe(false);
    expect(named.faulty.calls.get('remove')).toBeUndefined();
  });
});

/** An engine to which every token says the same. */
function arrangeReading(reading: TokenReading) {
  return arrange({ accessToken: createFakeTokens({ revocation: 'none', read: () => reading }) });
}
