/** The only source of time. Tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /**
   * Calls back after so many milliseconds, unless the answered function is called first. A clock without
   * it has no deadlines: a store that hangs is waited for.
   */
  startTimer?(callback: () => void, milliseconds: number): () => void;
  /**
   * Milliseconds since some moment, with fractions, never going back: what durations are measured by. A clock without
   * it measures by `now()`, to the whole millisecond, and wrongly while it is being set.
   */
  elapsed?(): number;
}

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  startTimer(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  elapsed: () => performance.now(),
};
