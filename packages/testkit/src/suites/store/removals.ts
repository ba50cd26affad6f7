import { describe, expect, it } from 'vitest';
import { createAuth, createRecord, createWrite, tagFor } from '../record-factory.js';
import type { CurrentHarness } from './harness.js';
import { timeOf } from './help.js';

const LIMIT = { max: 2_000, onLimit: 'evict-oldest' } as const;

export function describeRemovals(current: CurrentHarness): void {
  async function insertSome(count: number, subject = 'ada') {
    const { store } = current();
    const now = await timeOf(store);
    const records = Array.from({ length: count }, () => createRecord({ now, subject }));
    await Promise.all(records.map((record) => store.insert(record, LIMIT, createWrite(now))));
    return { store, now, records };
  }

  /** A record that was created right after the fence which the refusal of an earlier one names. */
  async function createBehindFence(now: number) {
    const early = createRecord({ now, createdAt: now - 5 });
    const refused = await current().store.insert(early, LIMIT, createWrite(now));
    if (refused.status !== 'revoked') throw new Error(`expected fenced, got ${refused.status}`);
    return createRecord({ now, createdAt: refused.revokedBefore + 1 });
  }

  describe('removing one', () => {
    it('removes it, and only it', async () => {
      const { store, now, records } = await insertSome(2);
      const [gone, kept] = records.map((record) => record.sid) as [string, string];
      expect(await store.remove(gone, createWrite(now))).toMatchObject({ status: 'removed' });
      expect((await store.load(gone)).record).toBeUndefined();
      expect((await store.load(kept)).record).toBeDefined();
    });

    it('takes what is absent for a no-op', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const { sid } = createRecord({ now });
      expect(await store.remove(sid, createWrite(now))).toMatchObject({ status: 'absent' });
    });

    it('a repeated removal returns its first result, and another removal returns absent', async () => {
      const { store, now, records } = await insertSome(1);
      const sid = records[0]?.sid ?? '';
      const write = createWrite(now);
      expect(await store.remove(sid, write)).toMatchObject({ status: 'removed' });
      expect(await store.remove(sid, write)).toMatchObject({ status: 'removed' });
      expect(await store.remove(sid, createWrite(now))).toMatchObject({ status: 'absent' });
    });

    it('is not undone by a re-sent insert', async () => {
      const { store, now, records } = await insertSome(1);
      const [record] = records as [(typeof records)[0]];
      await store.remove(record.sid, createWrite(now));
      expect(await store.insert(record, LIMIT, createWrite(now))).toMatchObject({
        status: 'revoked',
      });
      expect((await store.load(record.sid)).record).toBeUndefined();
    });

    it('lets exactly one of many removals be the one that removed', async () => {
      const { store, now, records } = await insertSome(1);
      const sid = records[0]?.sid ?? '';
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => store.remove(sid, createWrite(now))),
      );
      expect(answers.filter((answer) => answer.status === 'removed')).toHaveLength(1);
    });

    it('removes only the version that was expected, and else shows what there is', async () => {
      const { store, now, records } = await insertSome(1);
      const record = records[0] ?? createRecord({ now });
      const auth = createAuth(now);
      await store.replaceAuth(record.sid, 1, auth, createWrite(now));
      expect(await store.remove(record.sid, createWrite(now), 1)).toMatchObject({
        status: 'conflict',
        record: { ...record, auth, authVersion: 2 },
      });
      expect(await store.remove(record.sid, createWrite(now), 2)).toMatchObject({
        status: 'removed',
      });
    });

    it('does nothing after its deadline [store.late]', async () => {
      const { store, now, records } = await insertSome(1);
      const sid = records[0]?.sid ?? '';
      const late = { ...createWrite(now), notAfter: now - 1 };
      expect(await store.remove(sid, late)).toMatchObject({ status: 'late' });
      expect((await store.load(sid)).record).toBeDefined();
    });
  });

  describe('removing all', () => {
    it('removeAll removes every session of the subject, and of no other [life.everywhere]', async () => {
      const { store, now } = await insertSome(5);
      await insertSome(1, 'bob');
      expect(await store.removeAll(tagFor('ada'), undefined, createWrite(now))).toMatchObject({
        status: 'removed',
        count: 5,
      });
      expect((await store.list(tagFor('ada'))).records).toEqual([]);
      expect((await store.list(tagFor('bob'))).records).toHaveLength(1);
    });

    it('spares the exception, which stays usable', async () => {
      const { store, now, records } = await insertSome(3);
      const spared = records[1] ?? records[0];
      const answer = await store.removeAll(tagFor('ada'), spared?.sid, createWrite(now));
      expect(answer).toMatchObject({ count: 2 });
      expect((await store.list(tagFor('ada'))).records).toEqual([spared]);
    });

    it('counts nothing where nothing is', async () => {
      const { store } = current();
      const now = await timeOf(store);
      expect(await store.removeAll(tagFor('ada'), undefined, createWrite(now))).toMatchObject({
        count: 0,
      });
    });

    it('does not count sessions that ran out', async () => {
      const { store, now } = await insertSome(1);
      await store.insert(
        createRecord({ now, auth: { expiresAt: now + 250 } }),
        LIMIT,
        createWrite(now),
      );
      await current().passTime(300);
      const later = await timeOf(store);
      expect(await store.removeAll(tagFor('ada'), undefined, createWrite(later))).toMatchObject({
        count: 1,
      });
    });

    it('removeAll leaves a mark that refuses a repeated earlier insert', async () => {
      const { store, now, records } = await insertSome(1);
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      const answer = await store.insert(
        records[0] ?? createRecord({ now }),
        LIMIT,
        createWrite(now),
      );
      expect(answer).toMatchObject({ status: 'revoked' });
      expect((await store.list(tagFor('ada'))).records).toEqual([]);
    });

    it('lets in what was created after the fence that its refusal names', async () => {
      const { store } = current();
      const now = await timeOf(store);
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      const record = await createBehindFence(now);
      expect(await store.insert(record, LIMIT, createWrite(now))).toMatchObject({
        status: 'inserted',
      });
    });

    it('a repeated removeAll returns its first result, and spares later sessions', async () => {
      const { store, now } = await insertSome(4);
      const write = createWrite(now);
      await store.removeAll(tagFor('ada'), undefined, write);
      const after = createRecord({ now, createdAt: (await timeOf(store)) + 50 });
      await store.insert(after, LIMIT, createWrite(now));
      expect(await store.removeAll(tagFor('ada'), undefined, write)).toMatchObject({
        status: 'removed',
        count: 4,
      });
      expect((await store.load(after.sid)).record).toEqual(after);
    });

    it('arriving twice spares what came after even when another one was between', async () => {
      const { store, now } = await insertSome(2);
      const write = createWrite(now);
      await store.removeAll(tagFor('ada'), undefined, write);
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      const after = createRecord({ now, createdAt: (await timeOf(store)) + 50 });
      await store.insert(after, LIMIT, createWrite(now));
      expect(await store.removeAll(tagFor('ada'), undefined, write)).toMatchObject({ count: 2 });
      expect((await store.load(after.sid)).record).toEqual(after);
    });

    it('is not undone by a re-sent insert of a session that was let in right behind another fence', async () => {
      const { store } = current();
      const now = await timeOf(store);
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      const record = await createBehindFence(now);
      await store.insert(record, LIMIT, createWrite(now));
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      expect(await store.insert(record, LIMIT, createWrite(now))).toMatchObject({
        status: 'revoked',
      });
      expect((await store.list(tagFor('ada'))).records).toEqual([]);
    });

    it('cannot be escaped by a record from the future: it is refused where no fence could reach it', async () => {
      const { store } = current();
      const now = await timeOf(store);
      const record = createRecord({ now, createdAt: now + 3_600_000 });
      const refused = await store.insert(record, LIMIT, createWrite(now));
      expect(refused).toMatchObject({ status: 'revoked' });
      expect(refused.status === 'revoked' && refused.revokedBefore).toBeLessThanOrEqual(
        await timeOf(store),
      );
    });

    it('still knows what was removed before it', async () => {
      const { store, now, records } = await insertSome(2);
      const [record] = records as [(typeof records)[0]];
      const write = createWrite(now);
      await store.remove(record.sid, write);
      await store.removeAll(tagFor('ada'), undefined, createWrite(now));
      expect(await store.remove(record.sid, write)).toMatchObject({ status: 'removed' });
      expect(await store.insert(record, LIMIT, createWrite(now))).toMatchObject({
        status: 'revoked',
      });
    });

    it('misses no concurrent sign-in: each comes wholly before or wholly after', async () => {
      const { store, now } = await insertSome(3);
      const late = Array.from({ length: 20 }, () => createRecord({ now, createdAt: now - 1 }));
      await Promise.all([
        ...late.slice(0, 10).map((record) => store.insert(record, LIMIT, createWrite(now))),
        store.removeAll(tagFor('ada'), undefined, createWrite(now)),
        ...late.slice(10).map((record) => store.insert(record, LIMIT, createWrite(now))),
      ]);
      expect((await store.list(tagFor('ada'))).records).toEqual([]);
    });

    it('does nothing after its deadline [store.late]', async () => {
      const { store, now } = await insertSome(2);
      const late = { ...createWrite(now), notAfter: now - 1 };
      expect(await store.removeAll(tagFor('ada'), undefined, late)).toMatchObject({
        status: 'late',
      });
      expect((await store.list(tagFor('ada'))).records).toHaveLength(2);
    });
  });
}
