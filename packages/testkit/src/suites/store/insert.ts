import { describe, expect, it } from 'vitest';
import { createRecord, createWrite, tagFor } from '../record-factory.js';
import type { CurrentHarness } from './harness.js';
import { timeOf } from './help.js';

const LIMIT = { max: 3, onLimit: 'evict-oldest' } as const;
const REJECT = { max: 3, onLimit: 'reject' } as const;

export function describeInsert(current: CurrentHarness): void {
  describe('inserting', () => {
    it('an identical repeated insert returns the first result', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const old = [1, 2, 3].map((n) => createRecord({ now, auth: { lastUsedAt: now - 10 + n } }));
      for (const record of old) await store.insert(record, LIMIT, createWrite(now));
      const record = createRecord({ now });
      const write = createWrite(now);
      const first = await store.insert(record, LIMIT, write);
      expect(first).toMatchObject({ status: 'inserted', evicted: [old[0]?.sid] });
      expect(await store.insert(record, LIMIT, write)).toMatchObject({
        status: 'inserted',
        evicted: [old[0]?.sid],
      });
      expect((await store.list(tagFor('ada'))).records).toHaveLength(3);
    });

    it('evicts the session with the oldest use, and returns which [life.limit-evicts]', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const ages = [5, 40, 20];
      const records = ages.map((age, n) =>
        createRecord({ now, createdAt: now - n, auth: { lastUsedAt: now - age } }),
      );
      for (const record of records) await store.insert(record, LIMIT, createWrite(now));
      const newest = createRecord({ now });
      const answer = await store.insert(newest, LIMIT, createWrite(now));
      expect(answer).toMatchObject({ status: 'inserted', evicted: [records[1]?.sid] });
      expect((await store.load(records[1]?.sid ?? '')).record).toBeUndefined();
      expect((await store.list(tagFor('ada'))).records).toHaveLength(3);
    });

    it('evicts several when the limit was lowered', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const records = [3, 2, 1].map((age) =>
        createRecord({ now, auth: { lastUsedAt: now - age } }),
      );
      for (const record of records) await store.insert(record, LIMIT, createWrite(now));
      const answer = await store.insert(
        createRecord({ now }),
        { max: 1, onLimit: 'evict-oldest' },
        createWrite(now),
      );
      expect(answer).toMatchObject({ evicted: records.map((record) => record.sid) });
    });

    it('refuses the one too many with reject, and writes nothing [life.limit-refuses]', async () => {
      const { store } = current();
      const now = await timeOf(store);
      for (let n = 0; n < 3; n += 1)
        await store.insert(createRecord({ now }), REJECT, createWrite(now));
      const refused = createRecord({ now });
      expect(await store.insert(refused, REJECT, createWrite(now))).toMatchObject({
        status: 'limit',
      });
      expect((await store.load(refused.sid)).record).toBeUndefined();
      expect(
        await store.insert(createRecord({ now, subject: 'bob' }), REJECT, createWrite(now)),
      ).toMatchObject({
        status: 'inserted',
      });
    });

    it('does not count sessions that ran out', async () => {
      const { store, passTime } = current();
      const now = await timeOf(store);
      for (let n = 0; n < 3; n += 1) {
        await store.insert(
          createRecord({ now, auth: { expiresAt: now + 250 } }),
          REJECT,
          createWrite(now),
        );
      }
      await passTime(300);
      const later = await timeOf(store);
      expect(
        await store.insert(createRecord({ now: later }), REJECT, createWrite(later)),
      ).toMatchObject({
        status: 'inserted',
      });
    });

    it('concurrent inserts keep the limit', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          store.insert(createRecord({ now, createdAt: now + n }), LIMIT, createWrite(now)),
        ),
      );
      expect(answers.every((answer) => answer.status === 'inserted')).toBe(true);
      const evicted = answers.flatMap((answer) => ('evicted' in answer ? answer.evicted : []));
      expect(new Set(evicted).size).toBe(17);
      expect((await store.list(tagFor('ada'))).records).toHaveLength(3);
    });

    it('writes nothing after its deadline [store.late]', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now });
      const answer = await store.insert(record, LIMIT, { ...createWrite(now), notAfter: now - 1 });
      expect(answer).toMatchObject({ status: 'late' });
      expect((await store.load(record.sid)).record).toBeUndefined();
    });
  });
}
