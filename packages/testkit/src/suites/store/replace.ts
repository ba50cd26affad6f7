import type { SessionRecord, SessionStore } from '@sess/core/store';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createAuth,
  createBindings,
  createFormerFamily,
  createRecord,
  createWrite,
} from '../record-factory.js';
import type { CurrentHarness } from './harness.js';
import { deepFreeze, timeOf } from './help.js';

const LIMIT = { max: 100, onLimit: 'evict-oldest' } as const;

export function describeReplace(current: CurrentHarness): void {
  describe('replacing', () => {
    let store: SessionStore;
    let record: SessionRecord;
    let now: number;
    beforeEach(async () => {
      store = current().store;
      now = await timeOf(store);
      record = deepFreeze(createRecord({ now }));
      await store.insert(record, LIMIT, createWrite(now));
    });

    it('replaces the tokens, raises their version, and leaves the data alone', async () => {
      const auth = deepFreeze(createAuth(now));
      expect(await store.replaceAuth(record.sid, 1, auth, createWrite(now))).toMatchObject({
        status: 'replaced',
      });
      expect((await store.load(record.sid)).record).toEqual({ ...record, auth, authVersion: 2 });
    });

    it('keeps the tokens of a renewed cookie, whose generation has no access token yet', async () => {
      const auth = deepFreeze({ ...createAuth(now), access: [], accessCount: -1, replayed: false });
      await store.replaceAuth(record.sid, 1, auth, createWrite(now));
      expect((await store.load(record.sid)).record).toEqual({ ...record, auth, authVersion: 2 });
      // The loser of a race marks the generation, which stores do without parsing the tokens.
      const other = createAuth(now);
      const lost = await store.replaceAuth(record.sid, 1, other, createWrite(now), auth.generation);
      expect(lost).toMatchObject({
        status: 'conflict',
        record: { auth: { accessCount: -1, access: [], replayed: true } },
      });
    });

    it('replaces the data, raises its version, and leaves the tokens alone', async () => {
      const data = deepFreeze({ ...record.data, data: { handle: 'lovelace', list: [] } });
      expect(await store.replaceData(record.sid, 1, data, createWrite(now))).toMatchObject({
        status: 'replaced',
      });
      expect((await store.load(record.sid)).record).toEqual({ ...record, data, dataVersion: 2 });
    });

    it('replaces tokens and data in one write, and repeats the result', async () => {
      const auth = deepFreeze(createAuth(now));
      const part = deepFreeze({ ...record.data, data: { handle: 'lovelace' } });
      const write = { ...createWrite(now), data: { expected: 1, part } };
      const expected = { ...record, auth, data: part, authVersion: 2, dataVersion: 2 };
      for (const _ of ['first', 'repeated']) {
        expect(await store.replaceAuth(record.sid, 1, auth, write)).toMatchObject({
          status: 'replaced',
        });
        expect((await store.load(record.sid)).record).toEqual(expected);
      }
    });

    it('replaces neither tokens nor data if one of them has changed', async () => {
      const { sid } = record;
      const part = { ...record.data, data: { handle: 'lost' } };
      const data = deepFreeze({ ...record.data, data: { handle: 'won' } });
      await store.replaceData(sid, 1, data, createWrite(now));
      const given = () => ({ ...createWrite(now), data: { expected: 1, part } });
      const changed = { ...record, data, dataVersion: 2 };
      // A conflict of the data marks no generation: no token was presented twice.
      const { generation } = record.auth;
      expect(await store.replaceAuth(sid, 1, createAuth(now), given(), generation)).toMatchObject({
        status: 'conflict',
        record: changed,
      });
      expect((await store.load(sid)).record).toEqual(changed);
      const auth = deepFreeze({ ...createAuth(now), replayed: false });
      await store.replaceAuth(sid, 1, auth, createWrite(now));
      const more = { ...createWrite(now), data: { expected: 2, part } };
      expect(await store.replaceAuth(sid, 1, createAuth(now), more)).toMatchObject({
        status: 'conflict',
      });
      expect((await store.load(sid)).record).toEqual({ ...changed, auth, authVersion: 2 });
    });

    it('keeps what a session is bound to, also through a patch and a mark', async () => {
      for (const binding of createBindings(now)) {
        const auth = { ...createAuth(now), replayed: false, binding };
        const session = createRecord({ now });
        const { sid } = session;
        await store.insert(session, LIMIT, createWrite(now));
        await store.replaceAuth(sid, 1, auth, createWrite(now));
        const patched = { ...session.data, data: { handle: 'lovelace' } };
        await store.replaceData(sid, 1, patched, createWrite(now));
        expect((await store.load(sid)).record).toMatchObject({ auth, data: patched });
        await store.replaceAuth(sid, 7, createAuth(now), createWrite(now), auth.generation);
        expect((await store.load(sid)).record?.auth).toEqual({ ...auth, replayed: true });
      }
    });

    it('marks the generation on a conflict, also of a session with a proof and former families', async () => {
      const former = [createFormerFamily(now), createFormerFamily(now)];
      for (const more of [{ acr: 'a],1,0]' }, { former }, { amr: ['x'], former: [] }]) {
        for (const acknowledged of [true, false]) {
          const session = createRecord({ now, auth: { acknowledged, replayed: false, ...more } });
          const { sid, auth } = session;
          await store.insert(session, LIMIT, createWrite(now));
          const lost = await store.replaceAuth(
            sid,
            7,
            createAuth(now),
            createWrite(now),
            auth.generation,
          );
          const marked = { ...session, authVersion: 2, auth: { ...auth, replayed: true } };
          expect(lost).toMatchObject({ status: 'conflict', record: marked });
          expect((await store.load(sid)).record).toEqual(marked);
          await store.replaceAuth(sid, 7, createAuth(now), createWrite(now), auth.generation);
          expect((await store.load(sid)).record).toEqual(marked);
        }
      }
    });

    it('never lets a patch and a rotation disturb each other', async () => {
      const auth = createAuth(now);
      const data = { ...record.data, data: { handle: 'lovelace' } };
      await Promise.all([
        store.replaceAuth(record.sid, 1, auth, createWrite(now)),
        store.replaceData(record.sid, 1, data, createWrite(now)),
      ]);
      expect((await store.load(record.sid)).record).toEqual({
        ...record,
        auth,
        data,
        authVersion: 2,
        dataVersion: 2,
      });
    });

    it('a conflicting replace returns the current record, and writes nothing', async () => {
      const auth = createAuth(now);
      await store.replaceAuth(record.sid, 1, auth, createWrite(now));
      const changed = { ...record, auth, authVersion: 2 };
      expect(
        await store.replaceAuth(record.sid, 1, createAuth(now), createWrite(now)),
      ).toMatchObject({
        status: 'conflict',
        record: changed,
      });
      expect((await store.load(record.sid)).record).toEqual(changed);
    });

    it('marks a generation as shared along with a conflict, for the loser of a race of refreshes', async () => {
      const won = { ...createAuth(now), replayed: false, acknowledged: true };
      await store.replaceAuth(record.sid, 1, won, createWrite(now));
      const marked = { ...record, auth: { ...won, replayed: true }, authVersion: 3 };
      for (let loser = 0; loser < 2; loser += 1) {
        const mine = createAuth(now);
        const answer = await store.replaceAuth(
          record.sid,
          1,
          mine,
          createWrite(now),
          won.generation,
        );
        expect(answer).toMatchObject({ status: 'conflict', record: marked });
        expect(answer.status === 'conflict' && answer.record.auth.replayed).toBe(true);
      }
      expect((await store.load(record.sid)).record).toEqual(marked);
    });

    it('marks no other generation', async () => {
      const won = { ...createAuth(now), replayed: false };
      await store.replaceAuth(record.sid, 1, won, createWrite(now));
      await store.replaceAuth(record.sid, 1, createAuth(now), createWrite(now), won.generation + 1);
      expect((await store.load(record.sid)).record).toEqual({
        ...record,
        auth: won,
        authVersion: 2,
      });
    });

    it('lets exactly one of fifty rivals through', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          store.replaceAuth(record.sid, 1, createAuth(now), createWrite(now)),
        ),
      );
      expect(answers.filter((answer) => answer.status === 'replaced')).toHaveLength(1);
      expect(answers.filter((answer) => answer.status === 'conflict')).toHaveLength(49);
    });

    it('a repeated write returns its first result', async () => {
      const auth = createAuth(now);
      const data = { ...record.data, data: { handle: 'lovelace' } };
      const [one, two] = [createWrite(now), createWrite(now)];
      for (let arrival = 0; arrival < 2; arrival += 1) {
        expect(await store.replaceAuth(record.sid, 1, auth, one)).toMatchObject({
          status: 'replaced',
        });
        expect(await store.replaceData(record.sid, 1, data, two)).toMatchObject({
          status: 'replaced',
        });
      }
      expect((await store.load(record.sid)).record).toMatchObject({
        authVersion: 2,
        dataVersion: 2,
      });
    });

    it('fails on what is absent', async () => {
      const { sid } = createRecord({ now });
      expect(await store.replaceAuth(sid, 1, createAuth(now), createWrite(now))).toMatchObject({
        status: 'absent',
      });
      expect(await store.replaceData(sid, 1, record.data, createWrite(now))).toMatchObject({
        status: 'absent',
      });
      expect((await store.load(sid)).record).toBeUndefined();
    });

    it('never brings back what was removed: a request in flight during logout [rotation.logout]', async () => {
      await store.remove(record.sid, createWrite(now));
      expect(
        await store.replaceAuth(record.sid, 1, createAuth(now), createWrite(now)),
      ).toMatchObject({
        status: 'absent',
      });
      expect(await store.replaceData(record.sid, 1, record.data, createWrite(now))).toMatchObject({
        status: 'absent',
      });
      expect((await store.load(record.sid)).record).toBeUndefined();
    });

    it('fails on a session past its end', async () => {
      const over = { ...createAuth(now), expiresAt: now + 250 };
      await store.replaceAuth(record.sid, 1, over, createWrite(now));
      await current().passTime(300);
      const later = await timeOf(store);
      expect(
        await store.replaceAuth(record.sid, 2, createAuth(later), createWrite(later)),
      ).toMatchObject({
        status: 'absent',
      });
      expect(await store.replaceData(record.sid, 1, record.data, createWrite(later))).toMatchObject(
        {
          status: 'absent',
        },
      );
    });

    it('moves the end of the session with its tokens, in both directions', async () => {
      await store.replaceAuth(
        record.sid,
        1,
        { ...createAuth(now), expiresAt: now + 3_600_000 },
        createWrite(now),
      );
      expect((await store.load(record.sid)).record?.auth.expiresAt).toBe(now + 3_600_000);
      await store.replaceAuth(
        record.sid,
        2,
        { ...createAuth(now), expiresAt: now + 60_000 },
        createWrite(now),
      );
      expect((await store.load(record.sid)).record?.auth.expiresAt).toBe(now + 60_000);
    });

    it('writes nothing after its deadline [store.late]', async () => {
      const late = { ...createWrite(now), notAfter: now - 1 };
      expect(await store.replaceAuth(record.sid, 1, createAuth(now), late)).toMatchObject({
        status: 'late',
      });
      expect(await store.replaceData(record.sid, 1, record.data, late)).toMatchObject({
        status: 'late',
      });
      expect((await store.load(record.sid)).record).toEqual(record);
    });
  });
}
