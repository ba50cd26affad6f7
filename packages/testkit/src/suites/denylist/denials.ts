import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { ADA, createName, createScene, createSid, LIFE } from './help.js';

export function describeDenials(current: CurrentDenylist): void {
  const { issue, isDenied, deny } = createScene(current);

  describe('enrolling', () => {
    it('makes tokens of its version good', async () => {
      expect(await isDenied(await issue())).toBe(false);
    });

    it('currentVersion returns one version to all callers, concurrent or not', async () => {
      const { denylist } = current();
      const enroll = (): Promise<number> => denylist.currentVersion(ADA, LIFE);
      const versions = await Promise.all(Array.from({ length: 20 }, enroll));
      await current().passTime(5);
      expect(new Set([...versions, await enroll()]).size).toBe(1);
      expect(Number.isSafeInteger(versions[0])).toBe(true);
    });

    it('was done for each token: one of an unknown subject is denied', async () => {
      const { denylist, now } = current();
      for (const version of [0, 1, now(), Number.MAX_SAFE_INTEGER]) {
        expect(await isDenied({ sid: createSid(), jti: createName(), version })).toBe(true);
      }
      await denylist.currentVersion(ADA, LIFE);
      const { version } = await issue();
      expect(await isDenied({ sid: createSid('bob'), jti: createName(), version })).toBe(true);
    });

    it('is for one version: earlier ones, later ones and what is no number are denied', async () => {
      const token = await issue();
      for (const version of [token.version - 1, token.version + 1, 0, -1, Number.NaN]) {
        expect(await isDenied({ ...token, version })).toBe(true);
      }
      expect(await isDenied(token)).toBe(false);
    });
  });

  describe('denying', () => {
    it('denies a token, and no other of its session', async () => {
      const token = await issue();
      const other = await issue({ sid: token.sid });
      await deny({ kind: 'token', id: token.jti });
      expect(await isDenied(token)).toBe(true);
      expect(await isDenied(other)).toBe(false);
    });

    it('denies a session: all of its tokens, those that are made later too, and no other session', async () => {
      const token = await issue();
      const stranger = await issue();
      await deny({ kind: 'session', id: token.sid });
      expect(await isDenied(token)).toBe(true);
      expect(await isDenied(await issue({ sid: token.sid }))).toBe(true);
      expect(await isDenied(stranger)).toBe(false);
    });

    it('deny accepts many denials in one call', async () => {
      const tokens = await Promise.all(Array.from({ length: 150 }, () => issue()));
      const spared = await issue();
      await deny(
        ...tokens.map(({ sid, jti }, n) =>
          n % 2 === 0 ? { kind: 'token' as const, id: jti } : { kind: 'session' as const, id: sid },
        ),
      );
      const answers = await Promise.all(tokens.map(isDenied));
      expect(answers.filter((answer) => !answer)).toEqual([]);
      expect(await isDenied(spared)).toBe(false);
    });

    it('a denial applies from its moment on, to the millisecond', async () => {
      const { denylist, now } = current();
      const token = await issue();
      const from = now() + 60_000;
      await deny({ kind: 'token', id: token.jti, from });
      expect(await denylist.isDenied(token, from - 1)).toBe(false);
      expect(await denylist.isDenied(token, from)).toBe(true);
      expect(denylist.isKnownValid?.(token, from)).not.toBe(true);
      const other = await issue();
      await deny({ kind: 'session', id: other.sid, from });
      expect(await denylist.isDenied(other, from - 1)).toBe(false);
      expect(await denylist.isDenied(other, from)).toBe(true);
    });

    it('the earlier of two moments of a denial applies, in both orders', async () => {
      const { denylist, now } = current();
      const [one, two] = [await issue(), await issue()];
      const at = now() + 60_000;
      await deny({ kind: 'token', id: one.jti, from: at });
      await deny({ kind: 'token', id: one.jti, from: at + 60_000 });
      await deny({ kind: 'token', id: two.jti, from: at + 60_000 });
      await deny({ kind: 'token', id: two.jti, from: at });
      for (const token of [one, two]) {
        expect(await denylist.isDenied(token, at - 1)).toBe(false);
        expect(await denylist.isDenied(token, at)).toBe(true);
      }
      await deny({ kind: 'token', id: one.jti });
      expect(await isDenied(one)).toBe(true);
      await deny({ kind: 'token', id: one.jti, from: at });
      expect(await isDenied(one)).toBe(true);
    });

    it('a denial that is repeated, late, of an unknown subject or empty does no harm', async () => {
      const token = await issue();
      await deny();
      await deny({ kind: 'token', id: createName() });
      await deny({ kind: 'session', id: createSid('bob') });
      expect(await isDenied(token)).toBe(false);
      for (let n = 0; n < 2; n += 1) await deny({ kind: 'token', id: token.jti });
      expect(await isDenied(token)).toBe(true);
    });

    it('of one subject is nothing to another', async () => {
      const ours = await issue();
      const theirs = await issue({ sid: createSid('bob'), jti: ours.jti });
      await deny({ kind: 'token', id: ours.jti }, { kind: 'session', id: theirs.sid });
      expect(await isDenied(theirs)).toBe(false);
    });

    it('of a subject that is unknown leaves nothing behind that lets tokens in', async () => {
      await deny({ kind: 'token', id: createName() });
      for (const version of [0, current().now() - 60_000]) {
        expect(await isDenied({ sid: createSid(), jti: createName(), version })).toBe(true);
      }
      expect(await isDenied(await issue())).toBe(false);
    });
  });
}
