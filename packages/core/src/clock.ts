/** The only source of time. Tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /**
   * Calls back after so many milliseconds, unless the answered function is called first. A clock without
   * it has no deadlines: a store that hangs is waited for.
   */
  startTimer?(callback: () => void, milliseconds: number): () => void;
}

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  startTimer(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
