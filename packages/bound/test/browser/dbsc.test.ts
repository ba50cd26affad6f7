import { describe, it } from 'vitest';
import { whyNoBrowser } from '../../../../test/browser.js';
import { scaled } from '../../../../test/fuzzing.js';
import { FRAMEWORKS } from './bound-site.js';
import { STORE_KINDS } from './bound-stores.js';
import { SCENARIOS } from './scenarios.js';

const isWhole = scaled(FRAMEWORKS.length) === FRAMEWORKS.length;

/**
 * Every scenario with every framework on every store; below full size on three of these nine: every framework and every
 * store once.
 */
const CELLS = FRAMEWORKS.flatMap((framework, row) =>
  STORE_KINDS.map((store, column) => ({
    framework,
    store,
    scenarios: SCENARIOS.filter((_, index) => isWhole || (row + column + index) % 3 === 0).filter(
      ({ outlives }) => outlives !== true || store !== 'memory',
    ),
  })),
);

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

// They wait for the ends of cookies more than for anything else, so they wait together.
describe.skipIf(skipped !== '').concurrent(`in Chromium${skipped}`, { timeout: 120_000 }, () => {
  for (const { scenarios, ...choice } of CELLS) {
    describe(`bound sessions on ${choice.framework} and ${choice.store}`, () => {
      for (const { title, play } of scenarios) {
        it(title, ({ onTestFinished }) => play(choice, onTestFinished));
      }
    });
  }
});
