import { createSubjectTag } from '@sess/core/internal';
import { createFakeClock } from '@sess/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryDenylist } from '../../src/index.js';

const TAG = createSubjectTag(undefined)('ada');
const TTL_MS = 60_000;

function arrange() {
  const clock = createFakeClock();
  const denylist = memoryDenylist({ clock });
  let count = 0;
  const next = (): string => {
    count += 1;
    return String(count).padStart(16, '0');
  };
  const issue = async () => {
    const version = await denylist.currentVersion(TAG, TTL_MS);
    return { sid: TAG + next(), jti: next(), version };
  };
  return { clock, denylist, next, issue };
}

type Arranged = ReturnType<typeof arrange>;

const OPERATIONS: Readonly<Record<string, (arranged: Arranged) => Promise<unknown>>> = {
  'issuing a token': ({ issue }) => issue(),
  'checking a token': async ({ denylist, issue, clock }) =>
    denylist.isDenied(await issue(), clock.now()),
  'denying a token': ({ denylist, next }) =>
    denylist.deny(TAG, [{ kind: 'token', id: next() }], TTL_MS),
  'denying a session': ({ denylist, next }) =>
    denylist.deny(TAG, [{ kind: 'session', id: TAG + next() }], TTL_MS),
  'replacing a token': async ({ denylist, issue, next, clock }) =>
    denylist.supersede(await issue(), { at: clock.now(), successor: next(), ttlMs: TTL_MS }),
  'denying all others': ({ denylist, next }) =>
    denylist.denyAll(TAG, { operation: next(), ttlMs: TTL_MS, except: TAG + next() }),
};

/** Microseconds of a call: the least median of some series, so that a busy machine does not decide. */
async function measure(call: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let series = 0; series < 5; series += 1) {
    const times: number[] = [];
    for (let n = 0; n < 41; n += 1) {
      const began = performance.now();
      await call();
      times.push(performance.now() - began);
    }
    best = Math.min(best, times.sort((left, right) => left - right)[20] ?? 0);
  }
  return best * 1_000;
}

describe('the cost of a call of the denylist in memory', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(Object.entries(OPERATIONS))(
    'does not grow with what a subject did before: %s',
    async (_name, operation) => {
      const arranged = arrange();
      const times: number[] = [];
      let done = 0;
      for (const earlier of [10, 1_000, 10_000]) {
        // Within a minute, so that nothing has expired.
        for (; done < earlier; done += 1) {
          await OPERATIONS['denying a session']?.(arranged);
          await operation(arranged);
        }
        times.push(await measure(() => operation(arranged)));
      }
      const [first = 0, ...later] = times;
      for (const time of later) expect(time).toBeLessThan(3 * first + 5);
    },
  );

  it('is bounded for the one call after everything has expired, too', async () => {
    const arranged = arrange();
    for (let n = 0; n < 10_000; n += 1) await OPERATIONS['denying a session']?.(arranged);
    arranged.clock.advance('59s');
    await arranged.issue();
    arranged.clock.advance('2s');
    const removed = vi.spyOn(Map.prototype, 'delete');
    const counts: number[] = [];
    for (let n = 0; n < 4_000; n += 1) {
      removed.mockClear();
      await OPERATIONS['denying a session']?.(arranged);
      counts.push(removed.mock.calls.length);
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(8);
    // All 10,000 are gone in the end, so that nothing unbounded is left behind.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(10_000);
  });
});
