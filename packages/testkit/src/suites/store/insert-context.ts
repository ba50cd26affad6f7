import { MAX_CLOCK_LEAD_MS } from '@sess/core/store';
import { describe, expect, it } from 'vitest';
import { createAuth, createRecord, createWrite, tagFor } from '../record-factory.js';
import type { CurrentHarness } from './harness.js';
import { timeOf } from './help.js';

const EVICT = { max: 3, onLimit: 'evict-oldest' } as const;
const REJECT = { max: 3, onLimit: 'reject' } as const;

export function describeInsertContext(current: CurrentHarness): void {
  async function insertThree() {
    const { store } = current();
    const now = await timeOf(store);
    const records = [30, 20, 10].map((age) =>
      createRecord({ now, auth: { lastUsedAt: now - age } }),
    );
    for (const record of records) await store.insert(record, EVICT, createWrite(now));
    const [first, second, third] = records as [
      (typeof records)[0],
      (typeof records)[0],
      (typeof records)[0],
    ];
    return { store, now, first, second, third };
  }
  const sidsOf = async (): Promise<string[]> =>
    (await current().store.list(tagFor('ada'))).records.map(({ sid }) => sid).sort();

  describe('the order of eviction', () => {
    it('moves a session that was used to the end', async () => {
      const { store, now, first, second } = await insertThree();
      await store.replaceAuth(
        first.sid,
        1,
        { ...createAuth(now), lastUsedAt: now },
        createWrite(now),
      );
      expect(await store.insert(createRecord({ now }), EVICT, createWrite(now))).toMatchObject({
        evicted: [second.sid],
      });
    });

    it('is that of the sids for sessions of one moment', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const records = [1, 2, 3].map(() => createRecord({ now }));
      for (const record of records) await store.insert(record, EVICT, createWrite(now));
      const [lowest] = records.map(({ sid }) => sid).sort();
      const later = createRecord({ now, auth: { lastUsedAt: now + 1 } });
      expect(await store.insert(later, EVICT, createWrite(now))).toMatchObject({
        evicted: [lowest],
      });
    });
  });

  describe('an insert that replaces a session', () => {
    it('removes it in the same write, and evicts no other [life.replaces]', async () => {
      const { store, now, first, second, third } = await insertThree();
      const record = createRecord({ now });
      const write = { ...createWrite(now), replaces: third.sid };
      expect(await store.insert(record, EVICT, write)).toMatchObject({
        status: 'inserted',
        evicted: [],
      });
      expect(await sidsOf()).toEqual([first.sid, second.sid, record.sid].sort());
    });

    it('is not refused at the limit, for which the replaced session does not count', async () => {
      const { store, now, first } = await insertThree();
      const write = { ...createWrite(now), replaces: first.sid };
      expect(await store.insert(createRecord({ now }), REJECT, write)).toMatchObject({
        status: 'inserted',
      });
      expect(await sidsOf()).toHaveLength(3);
    });

    it('changes nothing when it is refused', async () => {
      const { store, now, first, second, third } = await insertThree();
      const write = { ...createWrite(now), replaces: first.sid };
      const limit = { max: 2, onLimit: 'reject' } as const;
      expect(await store.insert(createRecord({ now }), limit, write)).toMatchObject({
        status: 'limit',
      });
      expect(await sidsOf()).toEqual([first.sid, second.sid, third.sid].sort());
    });

    it('has the same result when it arrives twice', async () => {
      const { store, now, first } = await insertThree();
      const record = createRecord({ now });
      const write = { ...createWrite(now), replaces: first.sid };
      await store.insert(record, EVICT, write);
      expect(await store.insert(record, EVICT, write)).toMatchObject({
        status: 'inserted',
        evicted: [],
      });
      expect(await sidsOf()).toHaveLength(3);
    });

    it('leaves no way back for the replaced session', async () => {
      const { store, now, first } = await insertThree();
      const write = { ...createWrite(now), replaces: first.sid };
      await store.insert(createRecord({ now }), EVICT, write);
      expect(await store.insert(first, EVICT, createWrite(now))).toMatchObject({
        status: 'revoked',
      });
    });

    it('takes a replaced session that is absent for removed', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const write = { ...createWrite(now), replaces: createRecord({ now }).sid };
      expect(await store.insert(createRecord({ now }), EVICT, write)).toMatchObject({
        status: 'inserted',
        evicted: [],
      });
    });
  });

  describe('an insert with the time of a proof', () => {
    it('is refused when all sessions were removed after the proof [life.proof]', async () => {
      const { store, passTime } = current();
      const provenAt = await timeOf(store);
      await passTime(20);
      await store.removeAll(tagFor('ada'), undefined, createWrite(await timeOf(store)));
      await passTime(20);
      const now = await timeOf(store);
      const record = createRecord({ now });
      const refused = await store.insert(record, EVICT, { ...createWrite(now), provenAt });
      expect(refused).toMatchObject({ status: 'revoked' });
      expect(refused.status === 'revoked' && refused.revokedBefore).toBeGreaterThanOrEqual(
        provenAt,
      );
      expect(await sidsOf()).toEqual([]);
      // Without the proof it is a new sign-in.
      expect(await store.insert(record, EVICT, createWrite(now))).toMatchObject({
        status: 'inserted',
      });
    });

    it('is accepted when the proof came after the removal', async () => {
      const { store, passTime } = current();
      await store.removeAll(tagFor('ada'), undefined, createWrite(await timeOf(store)));
      await passTime(20);
      const now = await timeOf(store);
      const write = { ...createWrite(now), provenAt: now };
      expect(await store.insert(createRecord({ now }), EVICT, write)).toMatchObject({
        status: 'inserted',
      });
    });

    it('is accepted for a subject whose sessions were never removed', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const write = { ...createWrite(now), provenAt: now - 60_000 };
      expect(await store.insert(createRecord({ now }), EVICT, write)).toMatchObject({
        status: 'inserted',
      });
    });
  });

  describe('the mark of a removal of all', () => {
    it('reaches a session that was created ahead of the store’s time', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now, createdAt: now + 80 });
      expect(await store.insert(record, EVICT, createWrite(now))).toMatchObject({
        status: 'inserted',
      });
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      expect(await store.insert(record, EVICT, createWrite(now))).toMatchObject({
        status: 'revoked',
      });
      expect(await sidsOf()).toEqual([]);
    });

    it('is not pushed ahead of the time by many removals', async () => {
      const { store } = current();
      for (let n = 0; n < 200; n += 1) {
        await store.removeAll(tagFor('ada'), undefined, createWrite(await timeOf(store)));
      }
      const now = await timeOf(store);
      const record = createRecord({ now, createdAt: now + MAX_CLOCK_LEAD_MS / 2 });
      expect(await store.insert(record, EVICT, createWrite(now))).toMatchObject({
        status: 'inserted',
      });
    });
  });
}
