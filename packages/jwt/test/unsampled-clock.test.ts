import { createSessions, memoryStore } from '@sess/core';
import { createFakeClock, createFaultyStore, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { jwt, memoryDenylist } from '../src/index.js';
import { NAMES, SECRET, settle } from './engines.js';

const MINUTE = 60_000;

/** Two processes on one store. The clock of the second one is off, and it has not called the store yet. */
async function arrange(revocation: 'none' | 'store' | 'denylist', skew: number) {
  const clock = createFakeClock();
  const { getCached: _getCached, ...inner } = memoryStore({ clock });
  const faulty = createFaultyStore({ ...inner, isLocal: false });
  const shared = { ...memoryDenylist({ clock }), isLocal: false };
  const process = (offset: number) =>
    createSessions({
      store: faulty.store,
      clock: { now: () => clock.now() + offset },
      logger: silentLogger,
      accessToken: jwt({
        ...NAMES,
        keys: SECRET,
        revocation,
        ...(revocation === 'denylist' ? { denylist: shared } : {}),
      }),
    });
  const { accessToken, session } = await process(0).create({ subject: 'ada' });
  return { clock, faulty, accessToken, session, reader: process(skew) };
}

describe.each(['none', 'store', 'denylist'] as const)(
  'a process whose clock was never compared with the store, revocation: %s',
  (revocation) => {
    it('asks for the store’s time before it rejects a token as expired', async () => {
      const { accessToken, reader } = await arrange(revocation, 16 * MINUTE);
      expect(await reader.verify(accessToken)).toMatchObject({ ok: true });
    });

    it('rejects an expired token after that, and corrects its clock', async () => {
      const { clock, accessToken, reader } = await arrange(revocation, 16 * MINUTE);
      clock.advance('15m');
      expect(await reader.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
      expect(reader.clock.now()).toBe(clock.now());
    });

    it('rejects nothing while the store does not respond', async () => {
      const { faulty, accessToken, reader } = await arrange(revocation, 16 * MINUTE);
      faulty.fail();
      await expect(reader.verify(accessToken)).rejects.toMatchObject({ code: 'store_unavailable' });
      faulty.heal();
      expect(await reader.verify(accessToken)).toMatchObject({ ok: true });
    });

    it('has the store’s time after ready(), and rejects by it', async () => {
      const { clock, accessToken, reader } = await arrange(revocation, -16 * MINUTE);
      await reader.ready();
      expect(reader.clock.now()).toBe(clock.now());
      clock.advance('15m');
      expect(await reader.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
    });

    it('accepts by a clock that is behind no more than once', async () => {
      const { clock, accessToken, reader } = await arrange(revocation, -16 * MINUTE);
      clock.advance('15m');
      await reader.verify(accessToken);
      await settle();
      expect(await reader.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
    });
  },
);

describe('a process that verifies by claims, whose store does not respond', () => {
  it.each(['none', 'denylist'] as const)('still accepts valid tokens: %s', async (revocation) => {
    const { faulty, accessToken, reader } = await arrange(revocation, 0);
    faulty.fail();
    expect(await reader.verify(accessToken)).toMatchObject({ ok: true });
    await settle();
    expect(await reader.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('asks once for all verifications that wait for the time', async () => {
    const { faulty, accessToken, reader } = await arrange('none', 16 * MINUTE);
    const before = faulty.calls.get('load') ?? 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, async () => reader.verify(accessToken)),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect((faulty.calls.get('load') ?? 0) - before).toBe(1);
  });
});
