import type { Clock } from '@sess/core';

const UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time for a fake clock: `'15m'`, or `'1ms'` where a test stands right at an edge. */
export type Span = `${number}${keyof typeof UNIT}`;

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves the clock on. */
  advance(span: Span): void;
  /** Moves the clock to a moment, epoch milliseconds; backwards too, as real clocks do. */
  set(now: number): void;
}

/** A fake clock, at 2026-01-01T00:00:00Z unless another moment is given. */
export function createFakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  return {
    now: () => now,
    advance(span) {
      const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(span);
      if (match === null)
        throw new TypeError(`advance: '${span}' is no span. Write '15m' or '1ms'.`);
      now += Number(match[1]) * UNIT[match[2] as keyof typeof UNIT];
    },
    set(moment) {
      now = moment;
    },
  };
}
