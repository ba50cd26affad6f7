import { afterEach, beforeEach, describe } from 'vitest';
import { describeDenials } from './denylist/denials.js';
import { describeEverything } from './denylist/everything.js';
import type { CurrentDenylist, DenylistHarness } from './denylist/harness.js';
import { describeHostileIds } from './denylist/hostile.js';
import { describeKeeping } from './denylist/keeping.js';
import { describeLoss } from './denylist/loss.js';
import { describeSuccession } from './denylist/succession.js';

/**
 * The contract of denylists as tests: every denylist has to pass all of it.
 *
 * @param makeDenylist makes an empty denylist for each test
 */
export function denylistSuite(name: string, makeDenylist: () => Promise<DenylistHarness>): void {
  describe(`denylist contract: ${name}`, () => {
    let harness: DenylistHarness;
    beforeEach(async () => {
      harness = await makeDenylist();
    });
    afterEach(() => harness.close());

    const current: CurrentDenylist = () => harness;
    describeDenials(current);
    describeEverything(current);
    describeSuccession(current);
    describeLoss(current);
    describeKeeping(current);
    describeHostileIds(current);
  });
}
