import type { Clock } from '@sess/core';
import { createFakeClock } from '@sess/testkit';
import type { FakeClock } from '../../../../test/kit.js';

/** A fake clock with timers, which run out when it is moved beyond their time. */
export interface TimerClock extends FakeClock {
  readonly startTimer: NonNullable<Clock['startTimer']>;
  /** How many timers have neither run out nor been stopped. */
  readonly running: number;
}

export function createTimerClock(): TimerClock {
  const clock = createFakeClock();
  const timers = new Set<{ readonly due: number; readonly callback: () => void }>();
  return {
    ...clock,
    get running() {
      return timers.size;
    },
    startTimer(callback, milliseconds) {
      const timer = { due: clock.now() + milliseconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(span) {
      clock.advance(span);
      for (const timer of [...timers].sort((left, right) => left.due - right.due)) {
        if (timer.due <= clock.now() && timers.delete(timer)) timer.callback();
      }
    },
  };
}
