import { createFakeClock } from '@sess/testkit';
import { denylistSuite } from '@sess/testkit/suites';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import { memoryDenylist } from '../../src/index.js';

const LIFE = 60_000;

/** Every Map that something is put into from now on: a denylist shows nobody what it keeps. */
function watchMaps(): ReadonlySet<Map<unknown, unknown>> {
  const maps = new Set<Map<unknown, unknown>>();
  const set = Map.prototype.set;
  vi.spyOn(Map.prototype, 'set').mockImplementation(function (
    this: Map<unknown, unknown>,
    key,
    value,
  ) {
    maps.add(this);
    return set.call(this, key, value);
  });
  return maps;
}

afterEach(() => vi.restoreAllMocks());

denylistSuite('memory', async () => {
  const clock = createFakeClock();
  const maps = watchMaps();
  let denylist = memoryDenylist({ clock });
  return {
    get denylist() {
      return denylist;
    },
    now: () => clock.now(),
    passTime: async (milliseconds) => clock.set(clock.now() + milliseconds),
    async lose() {
      denylist = memoryDenylist({ clock });
    },
    countDenials: async () => {
      const isEntry = (key: unknown): boolean => typeof key === 'string' && /^[js]/.test(key);
      // Those of the subject are by far the largest.
      return Math.max(
        0,
        ...[...maps].filter((map) => isEntry([...map.keys()][0])).map(({ size }) => size),
      );
    },
    close: async () => {},
  };
});

describe('the denylist in memory', () => {
  it('forgets subjects whose last token has run out', async () => {
    const clock = createFakeClock();
    const maps = watchMaps();
    const denylist = memoryDenylist({ clock });
    for (let n = 0; n < 2_000; n += 1) {
      await denylist.currentVersion(tagFor(`user ${n}`), LIFE);
      clock.advance('1s');
    }
    const subjects = [...maps].filter((map) => map.has(tagFor('user 1999')));
    expect(subjects).toHaveLength(1);
    expect(subjects[0]?.size).toBeLessThan(200);
  });

  it('takes the clock of the engine that opens it, unless it was given one', async () => {
    const clock = createFakeClock();
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const denylist = memoryDenylist();
    denylist.open?.({ clock, logger });
    expect(await denylist.currentVersion(tagFor('ada'), LIFE)).toBe(clock.now());
    const given = memoryDenylist({ clock: { now: () => 5 } });
    given.open?.({ clock, logger });
    expect(await given.currentVersion(tagFor('ada'), LIFE)).toBe(5);
  });
});
