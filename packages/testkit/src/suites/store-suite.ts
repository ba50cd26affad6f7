import { afterEach, beforeEach, describe } from 'vitest';
import { describeEngine } from './store/engine.js';
import { describeGuests } from './store/guests.js';
import type { CurrentHarness, StoreHarness } from './store/harness.js';
import { describeInsert } from './store/insert.js';
import { describeInsertContext } from './store/insert-context.js';
import { describeReads } from './store/reads.js';
import { describeRemovals } from './store/removals.js';
import { describeReplace } from './store/replace.js';

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
    describeGuests(current);
  });
}
