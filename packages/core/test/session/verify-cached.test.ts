import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { settle } from './arrange.js';

describe('a cached session', () => {
  /** An engine on a store that knows its sessions by heart, and counts how often it is asked all the same. */
  async function arrangeNear(options: SessionsOptions = {}) {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    let loads = 0;
    const load = (sid: string) => {
      loads += 1;
      return inner.load(sid);
    };
    const store = { ...inner, load };
    const sessions = createSessions({ store, clock, logger: silentLogger, ...options });
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    await sessions.verify(second.accessToken);
    await settle();
    const asked = async (token: string) => {
      const before = loads;
      const result = await sessions.verify(token);
      return { result, loads: loads - before };
    };
    return { clock, first, second, asked };
  }

  it('a cached session verifies each of its live tokens without a call to the store', async () => {
    const { first, second, asked } = await arrangeNear();
    expect(await asked(first.accessToken)).toMatchObject({ result: { ok: true }, loads: 0 });
    expect(await asked(second.accessToken)).toMatchObject({ result: { ok: true }, loads: 0 });
  });

  it.each([
    ['another prefix', (token: string) => `srt_${token.slice(4)}`],
    ['another mark between the two', (token: string) => `${token.slice(0, 36)}-${token.slice(37)}`],
    ['something behind it', (token: string) => `${token}A`],
  ])(
    'a cached session does not verify a token with %s around a known sid and secret',
    async (_, change) => {
      const { second, asked } = await arrangeNear();
      expect(await asked(change(second.accessToken))).toEqual({
        result: { ok: false, reason: 'malformed' },
        loads: 0,
      });
    },
  );

  it('a cached session only accepts: a token that is no longer valid is looked up', async () => {
    const { first, asked } = await arrangeNear({ accessOverlap: '0s' });
    expect(await asked(first.accessToken)).toEqual({
      result: { ok: false, reason: 'expired' },
      loads: 1,
    });
  });

  it('a cached session does not verify an unknown token', async () => {
    const { second, asked } = await arrangeNear();
    const end = second.accessToken.endsWith('AA') ? 'QA' : 'AA';
    expect(await asked(`${second.accessToken.slice(0, -2)}${end}`)).toEqual({
      result: { ok: false, reason: 'unknown' },
      loads: 1,
    });
  });

  it('a cached session does not verify an expired token', async () => {
    const { clock, second, asked } = await arrangeNear();
    clock.advance('15m');
    expect(await asked(second.accessToken)).toEqual({
      result: { ok: false, reason: 'expired' },
      loads: 1,
    });
  });
});
