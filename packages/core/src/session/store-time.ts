import type { Clock } from '../util/clock.js';

/** The store's time, guessed between its answers. */
export interface StoreTime extends Clock {
  /** Whether the store's time has been seen yet; before that, `now()` is merely the local clock's. */
  readonly isSampled: boolean;
  /** Whether it was seen so lately that clocks cannot have come apart. */
  readonly isFresh: boolean;
  /** Takes note of the store's time, right when an answer with it has arrived. */
  observe(storeNow: number): void;
}

/** Milliseconds for which an offset is taken as it was. */
const FRESHNESS = 10_000;

/**
 * The local clock plus the store's newest offset. An answer's way back makes the guess early rather than
 * late, which is the safe side for `notAfter`.
 */
export function createStoreTime(clock: Clock): StoreTime {
  let offset: number | undefined;
  let sampledAt = 0;
  return {
    // Timers and durations are the local clock's: an offset does not change them.
    ...(clock.startTimer === undefined ? {} : { startTimer: clock.startTimer.bind(clock) }),
    ...(clock.elapsed === undefined ? {} : { elapsed: clock.elapsed.bind(clock) }),
    get isSampled() {
      return offset !== undefined;
    },
    get isFresh() {
      // A clock that was set back has no age to be judged by.
      const age = clock.now() - sampledAt;
      return offset !== undefined && age >= 0 && age < FRESHNESS;
    },
    now: () => clock.now() + (offset ?? 0),
    observe(storeNow) {
      sampledAt = clock.now();
      offset = storeNow - sampledAt;
    },
  };
}
