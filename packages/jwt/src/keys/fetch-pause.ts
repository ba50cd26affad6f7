/** Milliseconds; after the last of them, that one again. */
const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000] as const;

/**
 * Keeps a server that has failed from being asked by every request until it is back: after the first failure for a second,
 * and then for longer and longer, but never so long that its return goes unnoticed.
 */
export interface FetchPause {
  readonly isOn: () => boolean;
  readonly failed: () => void;
  readonly succeeded: () => void;
  /** For whoever has to know: the next one asks. */
  readonly lift: () => void;
}

export function createFetchPause(now: () => number): FetchPause {
  let failures = 0;
  let failedAt = 0;
  return {
    isOn() {
      const pause = PAUSES[Math.min(failures, PAUSES.length) - 1] ?? 0;
      const elapsed = now() - failedAt;
      // A clock that was set back does not make it longer.
      return elapsed >= 0 && elapsed < pause;
    },
    failed() {
      failures += 1;
      failedAt = now();
    },
    succeeded() {
      failures = 0;
    },
    lift() {
      failedAt = Number.NEGATIVE_INFINITY;
    },
  };
}
