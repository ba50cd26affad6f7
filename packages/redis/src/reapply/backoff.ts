/** Says when something that is asked for may be done again. */
export interface Backoff {
  /** Whether it is time; if so, the next time is further away than the last one was. */
  isDue(now: number): boolean;
}

const SHORTEST = 1_000;
const LONGEST = 30_000;

/** At once the first time, then after one second, two, four, up to thirty; from the start after a quiet minute. */
export function createBackoff(): Backoff {
  let nextAt = Number.NEGATIVE_INFINITY;
  let pause = SHORTEST;
  return {
    isDue(now) {
      if (now < nextAt) return false;
      pause = now - nextAt > 2 * LONGEST ? SHORTEST : Math.min(2 * pause, LONGEST);
      nextAt = now + pause;
      return true;
    },
  };
}
