import { afterEach, beforeEach, describe } from 'vitest';
import { describeDenials } from './denylist-suite/denials.js';
import { describeEverything } from './denylist-suite/everything.js';
import type { CurrentDenylist, DenylistHarness } from './denylist-suite/harness.js';
import { describeHostileIds } from './denylist-suite/hostile.js';
import { describeKeeping } from './denylist-suite/keeping.js';
import { describeLoss } from './denylist-suite/loss.js';
import { describeSuccession } from './denylist-suite/succession.js';

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
