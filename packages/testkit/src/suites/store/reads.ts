import type { FormerFamily } from '@sess/core/store';
import { describe, expect, it } from 'vitest';
import { createFormerFamily, createRecord, createWrite, tagFor } from '../record-factory.js';
import type { CurrentHarness } from './harness.js';
import { deepFreeze, timeOf } from './help.js';

const LIMIT = { max: 100, onLimit: 'evict-oldest' } as const;

export function describeReads(current: CurrentHarness): void {
  describe('reading', () => {
    it('load finds nothing under an unknown session id, and still returns the time', async () => {
      const { store } = current();
      const loaded = await store.load(createRecord({ now: 0 }).sid);
      expect(loaded.record).toBeUndefined();
      expect(Number.isFinite(loaded.now)).toBe(true);
    });

    it('gives back every field of a record as it was inserted', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const data = {
        empty: [],
        object: {},
        nested: [[{ deep: [null, true, 1.5, -0.25, 'x'] }]],
        text: '"quotes" \\ \n \u0000 ünïcode 🜁 \u2028',
        number: 9_007_199_254_740_991,
        '': 'an empty key',
      };
      const record = deepFreeze(createRecord({ now, data }));
      await store.insert(record, LIMIT, createWrite(now));
      expect((await store.load(record.sid)).record).toEqual(record);
      expect((await store.list(tagFor('ada'))).records).toEqual([record]);
    });

    it('reads without the time what it loads with it, if it reads so at all', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now });
      await store.insert(record, LIMIT, createWrite(now));
      const { sid } = record;
      const read = store.loadRecord ?? (async (id: string) => (await store.load(id)).record);
      expect(await read(sid)).toEqual(record);
      expect(await read(createRecord({ now, subject: 'absent' }).sid)).toBeUndefined();
      // Many concurrent reads may take another path than one.
      expect(await Promise.all(Array.from({ length: 40 }, () => read(sid)))).toEqual(
        Array(40).fill(record),
      );
      await store.remove(sid, createWrite(now));
      expect(await read(sid)).toBeUndefined();
    });

    it('keeps a generation 0, whose first step was never spent', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({
        now,
        auth: { generation: 0, steps: [{ salt: 'A'.repeat(22) }], access: [] },
      });
      await store.insert(record, LIMIT, createWrite(now));
      expect((await store.load(record.sid)).record).toEqual(record);
    });

    it('keeps the lifetimes of a session, its one-time values and the mark of a guest through every write', async () => {
      const { store } = current();
      const life = { idleTtl: 60_000, absoluteTtl: 120_000, persistent: false };
      const once = [{ name: 'flash', value: { text: ['saved'] }, expiresAt: 1_800_000_000_000 }];
      for (const more of [
        { life },
        { guest: true as const },
        { once },
        { life, once, stamp: 'random' },
      ]) {
        const now = await timeOf(store);
        const record = deepFreeze(createRecord({ now, more }));
        const { sid, auth, data } = record;
        await store.insert(record, LIMIT, createWrite(now));
        expect((await store.load(sid)).record).toEqual(record);
        await store.replaceAuth(sid, 1, { ...auth, acknowledged: true }, createWrite(now));
        await store.replaceData(sid, 1, { ...data, data: { changed: true } }, createWrite(now));
        expect((await store.load(sid)).record).toEqual({
          ...record,
          authVersion: 2,
          dataVersion: 2,
          auth: { ...auth, acknowledged: true },
          data: { ...data, data: { changed: true } },
        });
      }
    });

    it('keeps how the user authenticated, and the families before a re-authentication', async () => {
      const { store } = current();
      const { acr: _, amr: __, ...former }: FormerFamily = createFormerFamily(1_800_000_000_000);
      for (const more of [
        { acr: 'urn:acr:two' },
        { amr: ['pwd', 'otp'] },
        { former: [former] },
        { acr: 'urn:acr:two', amr: [], former: [former, former] },
      ]) {
        const now = await timeOf(store);
        const record = deepFreeze(createRecord({ now, auth: more }));
        await store.insert(record, LIMIT, createWrite(now));
        expect((await store.load(record.sid)).record).toEqual(record);
        const auth = { ...record.auth, ...more, former: [createFormerFamily(now)] };
        await store.replaceAuth(record.sid, 1, auth, createWrite(now));
        expect((await store.load(record.sid)).record?.auth).toEqual(auth);
        await store.replaceAuth(record.sid, 2, record.auth, createWrite(now));
        expect((await store.load(record.sid)).record?.auth).toEqual(record.auth);
      }
    });

    it('keeps 100 kB of data', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now, data: { text: 'é'.repeat(100_000) } });
      await store.insert(record, LIMIT, createWrite(now));
      expect((await store.load(record.sid)).record).toEqual(record);
    });

    it('list returns the live sessions of one subject, oldest first', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const second = createRecord({ now, createdAt: now - 10 });
      const first = createRecord({ now, createdAt: now - 20 });
      const foreign = createRecord({ now, subject: 'bob' });
      for (const record of [second, first, foreign])
        await store.insert(record, LIMIT, createWrite(now));
      const { records } = await store.list(tagFor('ada'));
      expect(records.map((record) => record.sid)).toEqual([first.sid, second.sid]);
      expect((await store.list(tagFor('absent'))).records).toEqual([]);
    });

    it('does not list a session past its end', async () => {
      const { store, passTime } = current();
      const now = await timeOf(store);
      await store.insert(
        // Long enough to be listed before its end, on a slow store and a busy machine.
        createRecord({ now, auth: { expiresAt: now + 1_500 } }),
        LIMIT,
        createWrite(now),
      );
      expect((await store.list(tagFor('ada'))).records).toHaveLength(1);
      await passTime(1_600);
      expect((await store.list(tagFor('ada'))).records).toEqual([]);
    });

    it('getCached returns only what load would return', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now });
      expect(store.getCached?.(record.sid)).toBeUndefined();
      await store.insert(record, LIMIT, createWrite(now));
      await store.load(record.sid);
      expect(store.getCached?.(record.sid) ?? record).toEqual(record);
      await store.remove(record.sid, createWrite(now));
      expect(store.getCached?.(record.sid)).toBeUndefined();
    });

    it('is ready', async () => {
      await expect(current().store.ready()).resolves.toBeUndefined();
    });
  });
}
