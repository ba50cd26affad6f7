import type { Clock } from '../clock.js';

/** The store's time, guessed between its answers. */
export interface StoreTime extends Clock {
  /** Whether the store's time has been seen yet; before that, `now()` is merely the local clock's. */
  readonly isSampled: boolean;
  /** Takes note of the store's time, right when an answer with it has arrived. */
  observe(storeNow: number): void;
}

/**
 * The local clock plus the store's newest offset. An answer's way back makes the guess early rather than
 * late, which is the safe side for `notAfter`.
 */
export function createStoreTime(clock: Clock): StoreTime {
  let offset: number | undefined;
  return {
    get isSampled() {
      return offset !== undefined;
    },
    now: () => clock.now() + (offset ?? 0),
    observe(storeNow) {
      offset = storeNow - clock.now();
    },
  };
}
