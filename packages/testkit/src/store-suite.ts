import { afterEach, beforeEach, describe } from 'vitest';
import { describeEngine } from './store-suite/engine.js';
import type { CurrentHarness, StoreHarness } from './store-suite/harness.js';
import { describeInsert } from './store-suite/insert.js';
import { describeInsertContext } from './store-suite/insert-context.js';
import { describeReads } from './store-suite/reads.js';
import { describeRemovals } from './store-suite/removals.js';
import { describeReplace } from './store-suite/replace.js';

/**
 * The store contract as tests: every store has to pass all of it.
 *
 * @param makeStore makes an empty store for each test
 */
export function storeSuite(name: string, makeStore: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await makeStore();
    });
    afterEach(() => harness.close());

    const current: CurrentHarness = () => harness;
    describeReads(current);
    describeInsert(current);
    describeInsertContext(current);
    describeReplace(current);
    describeRemovals(current);
    describeEngine(current);
  });
}
