import { createSessions } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { createAuth, createRecord, createWrite } from '../record-factory.js';
import type { CurrentNearCache } from './harness.js';
import { openNear, openPlain, waitUntil } from './opened.js';

/** Changes by another process and by this one, and the limits of the memory. */
export function describeChanges(current: CurrentNearCache): void {
  describe('what another process does', () => {
    it('makes the near cache forget a session that was removed', async () => {
      const [near, other] = [await openNear(current()), await openPlain(current())];
      const { sid } = await other.insert('ada');
      await near.fill(sid);
      await other.remove(sid);
      await near.forgotten(sid);
      expect(await near.load(sid)).toBeUndefined();
      expect(near.has(sid)).toBe(false);
    });

    it('makes the near cache forget a session with new data, new tokens, or one of a revoked subject, and no other', async () => {
      const [near, other] = [await openNear(current()), await openPlain(current())];
      const stranger = await other.insert('bob');
      const record = await other.insert('ada');
      const { sid } = record;
      const deeds = [
        () => other.change(record),
        () => other.rotate(record),
        () => other.store.removeAll(sid.slice(0, 16), undefined, createWrite(Date.now())),
      ];
      await near.fill(stranger.sid);
      for (const deed of deeds) {
        await near.fill(sid);
        await deed();
        await near.forgotten(sid);
      }
      expect(near.has(stranger.sid)).toBe(true);
    });

    it('makes the near cache forget the session that a sign-in evicted', async () => {
      const [near, other] = [await openNear(current()), await openPlain(current())];
      const { sid } = await other.insert('ada');
      await near.fill(sid);
      const next = createRecord({ now: Date.now(), subject: 'ada' });
      const limit = { max: 1, onLimit: 'evict-oldest' } as const;
      const result = await other.store.insert(next, limit, createWrite(Date.now()));
      expect(result).toMatchObject({ evicted: [sid] });
      await near.forgotten(sid);
    });

    it('is refused by an engine that verified from memory', async () => {
      const { logger } = current();
      const store = await current().createNear({});
      const sessions = createSessions({ store, logger });
      const others = createSessions({ store: await current().createPlain(), logger });
      const { accessToken, session } = await others.create({ subject: 'ada' });
      await waitUntil(async () => {
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
        return store.getCached?.(session.sid)?.auth.acknowledged === true;
      });
      await others.revoke(session.sid);
      await waitUntil(async () => store.getCached?.(session.sid) === undefined);
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    });
  });

  describe('a write of this process', () => {
    it('makes the near cache forget the session before it is sent and after it returned', async () => {
      const near = await openNear(current());
      const { sid, data } = await near.insert('ada');
      const write = (): ReturnType<typeof createWrite> => createWrite(Date.now());
      const deeds: readonly (() => Promise<unknown>)[] = [
        () => near.store.replaceAuth(sid, 1, createAuth(Date.now()), write()),
        () => near.store.replaceData(sid, 1, { ...data, data: { handle: 'new' } }, write()),
        () => near.store.replaceData(sid, 7, data, write()),
        () => near.insert('ada'),
        () => near.store.removeAll(sid.slice(0, 16), sid, write()),
        () => near.store.remove(sid, write()),
      ];
      for (const deed of deeds) {
        await near.fill(sid);
        const pending = deed();
        expect(near.has(sid)).toBe(false);
        await pending;
        expect(near.has(sid)).toBe(false);
      }
    });
  });

  describe('the memory', () => {
    it('keeps at most maxEntries, and those that are used rather than others', async () => {
      const near = await openNear(current(), { nearCache: { maxEntries: 10 } });
      const sids: string[] = [];
      for (let n = 0; n < 40; n += 1) sids.push((await near.insert(`user ${n >> 1}`)).sid);
      const [favourite = '', ...rest] = sids;
      await near.fill(favourite);
      let misses = 0;
      for (const sid of rest) {
        if (!near.has(favourite)) {
          misses += 1;
          await near.fill(favourite);
        }
        await near.load(sid);
      }
      expect(sids.filter(near.has).length).toBeLessThanOrEqual(10);
      // By age alone it would have gone four times; a busy machine may make it forget everything once.
      expect(misses).toBeLessThan(3);
    });

    it('does not serve what was read longer than maxAge ago', async () => {
      const near = await openNear(current(), { nearCache: { maxAge: '1s' } });
      const { sid } = await near.insert('ada');
      await near.fill(sid);
      await near.forgotten(sid);
      await near.fill(sid);
    });

    it('keeps nothing of a session that does not exist, and nothing after close', async () => {
      const near = await openNear(current());
      const { sid } = await near.insert('ada');
      await near.fill(sid);
      const absent = `${sid.slice(0, 16)}${'-'.repeat(16)}`;
      expect(await near.load(absent)).toBeUndefined();
      expect(near.has(absent)).toBe(false);
      await near.store.close();
      expect(near.has(sid)).toBe(false);
      expect(await near.load(sid)).toMatchObject({ sid });
      expect(near.has(sid)).toBe(false);
    });
  });
}
