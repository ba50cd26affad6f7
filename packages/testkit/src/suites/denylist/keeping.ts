import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { ADA, createName, createScene, createSid, LIFE } from './help.js';

/** Milliseconds; short, since some denylists are waited for. */
const SHORT = 100;
const LONGER = 130;

export function describeKeeping(current: CurrentDenylist): void {
  const { issue, isDenied, deny } = createScene(current);

  describe('keeping', () => {
    it('keeps a denial for its whole life, however short the lives of others are', async () => {
      const { denylist, passTime } = current();
      const [one, two] = [await issue(), await issue()];
      await deny({ kind: 'token', id: one.jti }, { kind: 'session', id: two.sid });
      // Repeated with a shorter life: the earlier promise stands.
      const again = [
        { kind: 'token', id: one.jti },
        { kind: 'session', id: two.sid },
      ] as const;
      await denylist.deny(ADA, again, SHORT);
      await denylist.currentVersion(ADA, SHORT);
      await passTime(LONGER);
      for (let n = 0; n < 200; n += 1) {
        await denylist.deny(ADA, [{ kind: 'token', id: createName() }], SHORT);
      }
      expect(await isDenied(one)).toBe(true);
      expect(await isDenied(two)).toBe(true);
    });

    it('keeps the version as long as the longest life that was asked for', async () => {
      const { denylist, passTime } = current();
      const token = await issue();
      await denylist.currentVersion(ADA, SHORT);
      await denylist.denyAll(ADA, { except: token.sid, operation: createName(), ttlMs: SHORT });
      await passTime(LONGER);
      expect(await isDenied(token)).toBe(false);
    });

    it('keeps a spent token as long as its life, and its successor named', async () => {
      const { denylist, now, passTime } = current();
      const token = await issue();
      const given = (ttlMs: number) => ({ at: now(), successor: createName(), ttlMs });
      const first = await denylist.supersede(token, given(LIFE));
      await denylist.supersede(token, given(SHORT));
      await passTime(LONGER);
      expect(await isDenied(token)).toBe(true);
      expect(await denylist.supersede(token, given(SHORT))).toEqual(first);
    });

    it('does not keep what has run out: many denials take no more room than those that still count', async () => {
      const { denylist, passTime, countDenials } = current();
      const kept = await issue();
      await deny({ kind: 'token', id: kept.jti });
      const most = 320;
      const counts: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        for (let n = 0; n < most; n += 8) {
          const denials = Array.from({ length: 8 }, (_, k) =>
            (n + k) % 2 === 0
              ? { kind: 'token' as const, id: createName() }
              : { kind: 'session' as const, id: createSid() },
          );
          await denylist.deny(ADA, denials, SHORT);
        }
        counts.push(await countDenials(ADA));
        await passTime(LONGER);
      }
      // Those of one round, as many again that have run out, and the little that is not worth a look.
      expect(Math.max(...counts)).toBeLessThanOrEqual(2 * most + 130);
      expect(await isDenied(kept)).toBe(true);
    });

    it('does not keep spent tokens either', async () => {
      const { denylist, now, passTime, countDenials } = current();
      for (let round = 0; round < 3; round += 1) {
        let token = await issue();
        for (let n = 0; n < 120; n += 1) {
          const given = { at: now(), successor: createName(), ttlMs: SHORT };
          const answer = await denylist.supersede(token, given);
          token = { ...token, jti: answer?.successor ?? '' };
        }
        await passTime(LONGER);
        await denylist.currentVersion(ADA, LIFE);
      }
      expect(await countDenials(ADA)).toBeLessThanOrEqual(2 * 120 + 130);
    });
  });

  describe('an engine', () => {
    it('an engine finds the denylist ready, with a timeout and a reach', async () => {
      const { denylist } = current();
      await denylist.ready();
      expect(denylist.timeout).toBeGreaterThan(0);
      expect(denylist.isLocal).toBeTypeOf('boolean');
    });
  });
}
