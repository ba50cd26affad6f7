import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { createScene } from './help.js';

export function describeLoss(current: CurrentDenylist): void {
  const { issue, isDenied, deny, denyAll, succeed } = createScene(current);

  /** Waits so that two headers are not created in one millisecond, which is what distinguishes them. */
  async function lose(): Promise<void> {
    await current().passTime(2);
    await current().lose();
    await current().passTime(2);
  }

  describe('losing everything', () => {
    it('a denylist that lost everything denies all earlier tokens, also after a new version exists [jwt.flushed]', async () => {
      const [good, denied, spent] = [await issue(), await issue(), await issue()];
      await deny({ kind: 'token', id: denied.jti });
      await succeed(spent);
      await lose();
      for (const token of [good, denied, spent]) expect(await isDenied(token)).toBe(true);
      const fresh = await issue();
      expect(await isDenied(fresh)).toBe(false);
      expect(fresh.version).toBeGreaterThan(good.version);
      for (const token of [good, denied, spent]) {
        expect(await isDenied(token)).toBe(true);
        expect(await succeed(token)).toBeUndefined();
      }
    });

    it('has them refused however often everything was denied before', async () => {
      const before = [await issue()];
      for (let n = 0; n < 3; n += 1) {
        await denyAll();
        before.push(await issue());
      }
      await current().passTime(10);
      await lose();
      const fresh = await issue();
      for (const token of before) {
        expect(fresh.version).toBeGreaterThan(token.version);
        expect(await isDenied(token)).toBe(true);
      }
    });

    it('spares no session that is named afterwards', async () => {
      const before = await issue();
      await lose();
      await denyAll(before.sid);
      expect(await isDenied(before)).toBe(true);
      await issue();
      await denyAll(before.sid);
      expect(await isDenied(before)).toBe(true);
    });

    it('does not let a denial that arrives late bring anything back', async () => {
      const before = await issue();
      await lose();
      await deny({ kind: 'token', id: 'somebody' });
      expect(await isDenied(before)).toBe(true);
      expect(await isDenied(await issue())).toBe(false);
    });
  });
}
