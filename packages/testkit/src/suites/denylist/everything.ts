import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { ADA, createScene, createSid, LIFE } from './help.js';

export function describeEverything(current: CurrentDenylist): void {
  const { issue, isDenied, deny, denyAll, succeed } = createScene(current);
  const version = (): Promise<number> => current().denylist.currentVersion(ADA, LIFE);

  describe('denying everything', () => {
    it('denyAll denies every token of the subject, and of no other [life.everywhere]', async () => {
      const tokens = await Promise.all(Array.from({ length: 20 }, () => issue()));
      const stranger = await issue({ sid: createSid('bob') });
      await denyAll();
      expect(await Promise.all(tokens.map(isDenied))).not.toContain(false);
      expect(await isDenied(stranger)).toBe(false);
    });

    it('lets in what is made afterwards, in the same millisecond too', async () => {
      for (let n = 0; n < 20; n += 1) {
        const before = await issue();
        await denyAll();
        const after = await issue();
        expect(after.version).toBeGreaterThan(before.version);
        expect(await isDenied(before)).toBe(true);
        expect(await isDenied(after)).toBe(false);
      }
    });

    it('arriving twice changes nothing more', async () => {
      const operation = await denyAll();
      const after = await issue();
      await denyAll(undefined, operation);
      expect(await isDenied(after)).toBe(false);
      expect(await version()).toBe(after.version);
    });

    it('arriving twice changes nothing more even when another one was between', async () => {
      const token = await issue();
      const operation = await denyAll(token.sid);
      await denyAll();
      const after = await issue();
      await denyAll(token.sid, operation);
      expect(await isDenied(after)).toBe(false);
      expect(await isDenied(token)).toBe(true);
    });

    it('concurrent calls of denyAll have the effect of one', async () => {
      const token = await issue();
      await Promise.all(Array.from({ length: 20 }, () => denyAll()));
      expect(await isDenied(token)).toBe(true);
      expect(await version()).toBeGreaterThanOrEqual(token.version + 20);
      expect(await isDenied(await issue())).toBe(false);
    });

    it('of a subject that is unknown denies what was asked for before', async () => {
      await denyAll();
      const after = await issue();
      expect(await isDenied(after)).toBe(false);
      expect(await isDenied({ ...after, version: after.version - 1 })).toBe(true);
    });

    it('keeps denying what was denied by name', async () => {
      const [one, two] = [await issue(), await issue()];
      await deny({ kind: 'token', id: one.jti }, { kind: 'session', id: two.sid });
      await denyAll();
      expect(await isDenied(one)).toBe(true);
      expect(await isDenied(two)).toBe(true);
    });
  });

  describe('denying everything but one session', () => {
    it('denyAll with an exception spares earlier and later tokens of that session', async () => {
      const mine = await issue();
      const other = await issue();
      await denyAll(mine.sid);
      expect(await isDenied(mine)).toBe(false);
      expect(await isDenied(other)).toBe(true);
      expect(await isDenied(await issue({ sid: mine.sid }))).toBe(false);
      expect(await isDenied(await issue())).toBe(false);
    });

    it('spares it twice in a row, and what it was given in between', async () => {
      const first = await issue();
      const { sid } = first;
      const mine = [first];
      for (let n = 0; n < 3; n += 1) {
        await denyAll(sid);
        mine.push(await issue({ sid }));
      }
      const other = await issue();
      await denyAll(sid);
      expect(await Promise.all(mine.map(isDenied))).toEqual([false, false, false, false]);
      expect(await isDenied(other)).toBe(true);
    });

    it('arriving twice changes nothing more', async () => {
      const mine = await issue();
      const operation = await denyAll(mine.sid);
      const after = await issue();
      await denyAll(mine.sid, operation);
      expect(await isDenied(mine)).toBe(false);
      expect(await isDenied(after)).toBe(false);
    });

    it('spares the last one that was named only', async () => {
      const [mine, other] = [await issue(), await issue()];
      await denyAll(mine.sid);
      await denyAll(other.sid);
      expect(await isDenied(mine)).toBe(true);
      // It had been denied by the first already.
      expect(await isDenied(other)).toBe(true);
      const later = await issue({ sid: other.sid });
      await denyAll(other.sid);
      expect(await isDenied(later)).toBe(false);
    });

    it('does not revive a session that was ended, nor a token of it', async () => {
      const [gone, spent, mine] = [await issue(), await issue(), await issue()];
      await deny({ kind: 'session', id: gone.sid }, { kind: 'token', id: mine.jti });
      await succeed(spent);
      for (const { sid } of [gone, spent, mine]) {
        await denyAll(sid);
        for (const token of [gone, spent, mine]) expect(await isDenied(token)).toBe(true);
      }
    });

    it('does not revive what an earlier one had denied', async () => {
      const mine = await issue();
      await denyAll();
      await denyAll(mine.sid);
      expect(await isDenied(mine)).toBe(true);
      await denyAll(mine.sid);
      expect(await isDenied(mine)).toBe(true);
    });

    it('denies its tokens too as soon as everything is denied', async () => {
      const mine = await issue();
      await denyAll(mine.sid);
      await denyAll();
      expect(await isDenied(mine)).toBe(true);
    });

    it('denyAll spares no session of another subject and no unknown one', async () => {
      const mine = await issue();
      const stranger = await issue({ sid: createSid('bob') });
      await denyAll(stranger.sid);
      expect(await isDenied(mine)).toBe(true);
      expect(await isDenied(stranger)).toBe(false);
      const next = await issue();
      await denyAll(createSid());
      expect(await isDenied(next)).toBe(true);
    });

    it('denies what is signed in at the same time, or it comes wholly after', async () => {
      const mine = await issue();
      const [tokens] = await Promise.all([
        Promise.all(Array.from({ length: 20 }, () => issue())),
        denyAll(mine.sid),
      ]);
      const current = await version();
      for (const token of tokens) {
        expect(await isDenied(token)).toBe(token.version !== current);
      }
      expect(await isDenied(mine)).toBe(false);
    });
  });
}
