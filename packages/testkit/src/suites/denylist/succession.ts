import type { DeniableToken } from '@sess/core/store';
import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { createName, createScene, createSid, LIFE } from './help.js';

export function describeSuccession(current: CurrentDenylist): void {
  const { issue, isDenied, deny, denyAll, succeed } = createScene(current);

  /** A token that was spent, and the one that took its place. */
  async function spend(): Promise<readonly [spent: DeniableToken, next: DeniableToken]> {
    const spent = await issue();
    const answer = await succeed(spent);
    if (answer === undefined) throw new Error('a good token was not succeeded');
    return [spent, { sid: spent.sid, jti: answer.successor, version: answer.version }];
  }

  describe('succeeding a token', () => {
    it('denies it, and its successor is good', async () => {
      const [spent, next] = await spend();
      expect(await isDenied(spent)).toBe(true);
      expect(await isDenied(next)).toBe(false);
    });

    it('names the first successor to everyone who comes later', async () => {
      const spent = await issue();
      const first = await succeed(spent, 'first.successor_-');
      expect(first).toEqual({ successor: 'first.successor_-', version: spent.version });
      for (let n = 0; n < 3; n += 1) expect(await succeed(spent)).toEqual(first);
    });

    it('supersede returns one successor to fifty concurrent callers', async () => {
      const spent = await issue();
      const names = Array.from({ length: 50 }, createName);
      const answers = await Promise.all(names.map((name) => succeed(spent, name)));
      expect(new Set(answers.map((answer) => answer?.successor)).size).toBe(1);
      expect(names).toContain(answers[0]?.successor);
    });

    it('leads along a chain, each token by itself', async () => {
      const [first, second] = await spend();
      const third = await succeed(second);
      expect(third?.successor).not.toBe(second.jti);
      expect(await succeed(first)).toMatchObject({ successor: second.jti });
      expect(await isDenied(second)).toBe(true);
    });

    it('takes a name of 64 characters', async () => {
      const spent = await issue();
      const successor = 'x'.repeat(64);
      expect(await succeed(spent, successor)).toMatchObject({ successor });
      expect(await succeed(spent)).toMatchObject({ successor });
    });

    it('leads nowhere from a token that is denied: by name, by session, or by version', async () => {
      const [byName, bySession, byVersion] = [await issue(), await issue(), await issue()];
      await deny({ kind: 'token', id: byName.jti }, { kind: 'session', id: bySession.sid });
      expect(await succeed(byName)).toBeUndefined();
      expect(await succeed(bySession)).toBeUndefined();
      const mine = await issue();
      await denyAll(mine.sid);
      expect(await succeed(byVersion)).toBeUndefined();
      for (const token of [byName, bySession, byVersion]) expect(await isDenied(token)).toBe(true);
    });

    it('leads nowhere from a token of an unknown subject, and makes none known', async () => {
      const { denylist, now } = current();
      const token = { sid: createSid('bob'), jti: createName(), version: now() };
      const given = { at: now(), successor: createName(), ttlMs: LIFE };
      expect(await denylist.supersede(token, given)).toBeUndefined();
      expect(await isDenied(token)).toBe(true);
      expect(await isDenied({ ...token, jti: given.successor })).toBe(true);
    });

    it('leads nowhere from a token that was spent, and then denied by name', async () => {
      const [spent] = await spend();
      await deny({ kind: 'token', id: spent.jti });
      expect(await succeed(spent)).toBeUndefined();
      expect(await isDenied(spent)).toBe(true);
    });

    it('leads nowhere from a token that was spent, and whose session or version was denied', async () => {
      const [one, next] = await spend();
      await deny({ kind: 'session', id: one.sid });
      expect(await succeed(one)).toBeUndefined();
      expect(await isDenied(next)).toBe(true);
      const [two, last] = await spend();
      await denyAll();
      expect(await succeed(two)).toBeUndefined();
      expect(await isDenied(two)).toBe(true);
      expect(await isDenied(last)).toBe(true);
    });

    it('leads nowhere from the moment on that a token is denied from, spent before or not', async () => {
      const { denylist, now } = current();
      const from = now() + 60_000;
      const [spentFirst, spentLater, unspent] = [await issue(), await issue(), await issue()];
      const at = (token: DeniableToken, moment: number) =>
        denylist.supersede(token, { at: moment, successor: createName(), ttlMs: LIFE });
      const first = await at(spentFirst, from - 2);
      for (const { jti } of [spentFirst, spentLater, unspent]) {
        await deny({ kind: 'token', id: jti, from });
      }
      expect(await at(spentFirst, from - 1)).toEqual(first);
      expect(await at(spentLater, from - 1)).toBeDefined();
      for (const token of [spentFirst, spentLater, unspent]) {
        expect(await at(token, from)).toBeUndefined();
      }
    });

    it('keeps the spent token of a session that is spared, which carries the new version on', async () => {
      const [spent, next] = await spend();
      await denyAll(spent.sid);
      const again = await succeed(spent);
      expect(again?.successor).toBe(next.jti);
      expect(again?.version).toBeGreaterThan(next.version);
      expect(await isDenied({ ...next, version: again?.version ?? 0 })).toBe(false);
      expect(await isDenied(spent)).toBe(true);
    });

    it('leaves a successor denied that was', async () => {
      const [spent, next] = await spend();
      await deny({ kind: 'token', id: next.jti });
      await succeed(spent);
      expect(await isDenied(next)).toBe(true);
    });

    it('and denying at the same time leaves nothing good', async () => {
      for (let n = 0; n < 10; n += 1) {
        const token = await issue();
        const [answer] = await Promise.all([
          succeed(token),
          deny({ kind: 'session', id: token.sid }),
        ]);
        expect(await isDenied(token)).toBe(true);
        if (answer === undefined) continue;
        expect(await isDenied({ ...token, jti: answer.successor, version: answer.version })).toBe(
          true,
        );
      }
    });
  });
}
