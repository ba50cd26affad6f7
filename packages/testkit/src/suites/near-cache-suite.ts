import { afterEach, beforeEach, describe } from 'vitest';
import { describeChanges } from './near-cache/changes.js';
import { describeFaults } from './near-cache/faults.js';
import type { CurrentNearCache, NearCacheHarness } from './near-cache/harness.js';

/**
 * The promises of a near cache as tests: changes elsewhere are known, and nothing older than 2.5 seconds is served while
 * they do not arrive.
 *
 * @param createHarness opens the way to a server for each test
 */
export function nearCacheSuite(name: string, createHarness: () => Promise<NearCacheHarness>): void {
  describe(`near cache: ${name}`, { timeout: 90_000 }, () => {
    let harness: NearCacheHarness;
    beforeEach(async () => {
      harness = await createHarness();
    }, 60_000);
    afterEach(() => harness.close());

    const current: CurrentNearCache = () => harness;
    describeChanges(current);
    describeFaults(current);
  });
}
