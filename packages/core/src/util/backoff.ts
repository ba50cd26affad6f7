const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** Limits how often an action runs: immediately, then after growing pauses, afresh after a quiet period. */
export interface Backoff {
  /** True if the action may run now. The next pause is then twice as long. */
  isDue(now: number): boolean;
}

/** Creates a backoff from 1 s to 30 s, which starts afresh after a minute without a call. */
export function createBackoff(): Backoff {
  let nextAt = Number.NEGATIVE_INFINITY;
  let pause = MIN_PAUSE_MS;
  return {
    isDue(now) {
      if (now < nextAt) return false;
      pause = now - nextAt > 2 * MAX_PAUSE_MS ? MIN_PAUSE_MS : Math.min(2 * pause, MAX_PAUSE_MS);
      nextAt = now + pause;
      return true;
    },
  };
}
