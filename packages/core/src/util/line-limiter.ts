import { createBoundedCache } from './bounded-cache.js';

/** Decides which lines of a log are written while one failure repeats itself with each request. */
export interface LineLimiter {
  /** Returns the number of equal lines that were left out before this one; `undefined` leaves this one out. */
  admit(kind: string): number | undefined;
}

interface Period {
  since: number;
  written: number;
  leftOut: number;
}

/** Lines of one kind in each period. */
const MAX_LINES = 10;
const PERIOD_MS = 10_000;
const MAX_KINDS = 100;

/** Creates a limiter that admits ten lines of one kind in ten seconds. `elapsed` must not go back. */
export function createLineLimiter(elapsed: () => number): LineLimiter {
  const periods = createBoundedCache<string, Period>({ maxEntries: MAX_KINDS });
  return {
    admit(kind) {
      const now = elapsed();
      let period = periods.get(kind);
      if (period === undefined) {
        period = { since: now, written: 0, leftOut: 0 };
        periods.set(kind, period);
      } else if (now - period.since >= PERIOD_MS) {
        period.since = now;
        period.written = 0;
      }
      if (period.written >= MAX_LINES) {
        period.leftOut += 1;
        return undefined;
      }
      const { leftOut } = period;
      period.written += 1;
      period.leftOut = 0;
      return leftOut;
    },
  };
}
