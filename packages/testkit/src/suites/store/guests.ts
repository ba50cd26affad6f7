import { createSessions, type Sessions } from '@sess/core';
import { describe, expect, it } from 'vitest';
import type { CurrentHarness } from './harness.js';

const RENEW = { canRenew: true };

/** Guests and one-time values: what they are, and that concurrent engines agree about them. */
export function describeGuests(current: CurrentHarness): void {
  /** Engines that know nothing of each other, as those of several processes. */
  function createEngines(count: number): readonly [Sessions, ...Sessions[]] {
    const { store } = current();
    const create = () => createSessions({ store });
    return [create(), ...Array.from({ length: count - 1 }, create)];
  }

  describe('one-time values', () => {
    it('are taken by one of 8 engines at the same time, in 20 rounds [once.winner]', async () => {
      const engines = createEngines(8);
      const { session } = await engines[0].create({ subject: 'ada', data: { handle: 'ada' } });
      for (let round = 0; round < 20; round += 1) {
        const value = { round, text: 'ünïcode' };
        expect(await engines[0].put(session.sid, { name: 'state', value })).toBe(true);
        const taken = await Promise.all(engines.map((each) => each.take(session.sid, 'state')));
        expect(taken.filter((each) => each !== undefined)).toEqual([value]);
      }
      expect(await engines[0].get(session.sid)).toMatchObject({ data: { handle: 'ada' } });
    });

    it('are all kept when engines put them at the same time', async () => {
      const engines = createEngines(8);
      const { session } = await engines[0].create({ subject: 'ada' });
      await Promise.all(
        engines.map((each, n) => each.put(session.sid, { name: `n${n}`, value: n })),
      );
      const taken = await Promise.all(engines.map((each, n) => each.take(session.sid, `n${n}`)));
      expect(taken).toEqual(engines.map((_, n) => n));
    });
  });

  describe('an update by a function', () => {
    it('counts every call of concurrent engines', async () => {
      const engines = createEngines(8);
      const { session } = await engines[0].create({ subject: 'ada', data: { count: 0 } });
      const increment = (each: Sessions) =>
        each.update(session.sid, ({ count }) => ({ count: Number(count) + 1 }));
      for (let round = 0; round < 3; round += 1) await Promise.all(engines.map(increment));
      expect((await engines[0].get(session.sid))?.data).toEqual({ count: 24 });
    });
  });

  describe('a guest', () => {
    it('is kept as such: no session, and no member of a list [guest.no-session]', async () => {
      const [sessions, other] = createEngines(2) as [Sessions, Sessions];
      const { guest, refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] } });
      await sessions.put(guest.sid, { name: 'flash', value: 'hi' });
      await other.updateGuest(guest.sid, { theme: 'dark' });
      expect(await other.present(refreshToken, RENEW)).toMatchObject({
        ok: false,
        reason: 'guest',
        guest: { sid: guest.sid, data: { cart: ['tea'], theme: 'dark' } },
      });
      const { record } = await current().store.load(guest.sid);
      expect(record?.data.guest).toBe(true);
      expect(await other.list(record?.data.subject ?? '')).toEqual([]);
      expect(await other.get(guest.sid)).toBeUndefined();
      expect(await other.update(guest.sid, { admin: true })).toBeUndefined();
      expect(await other.elevate(guest.sid)).toBeUndefined();
    });

    it('ends with the sign-in that takes over what it has', async () => {
      const [sessions, other] = createEngines(2) as [Sessions, Sessions];
      const { guest, refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] } });
      await sessions.put(guest.sid, { name: 'flash', value: 'hi' });
      const { session } = await other.create(
        { subject: 'ada', data: { role: 'user' } },
        { replaces: { refreshToken }, keep: ['cart'] },
      );
      expect(session.data).toEqual({ role: 'user', cart: ['tea'] });
      expect(await sessions.take(session.sid, 'flash')).toBe('hi');
      expect(await sessions.present(refreshToken, RENEW)).toEqual({ ok: false, reason: 'unknown' });
      expect(await sessions.updateGuest(guest.sid, { late: 1 })).toBeUndefined();
      expect(await sessions.put(guest.sid, { name: 'late', value: 1 })).toBe(false);
    });
  });
}
