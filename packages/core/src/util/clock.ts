/*
 * The only access to the machine's time and to the process. Edge runtimes have no process, or only a part of one.
 */

/** A source of time and timers. Tests pass one that they move by hand. */
export interface Clock {
  /** Returns milliseconds since 1970-01-01T00:00:00Z. Fractions are cut off by the engine. */
  now(): number;
  /**
   * Calls `callback` after `milliseconds`, unless the returned function is called first. If a clock has no timers,
   * calls to a store have no timeout.
   *
   * @param options.background the process may exit before the timer has fired; default `false`
   */
  startTimer?(
    callback: () => void,
    milliseconds: number,
    options?: { readonly background?: boolean },
  ): () => void;
  /**
   * Returns milliseconds since some moment, with fractions, never going back: durations are measured by it. If absent,
   * they are measured by `now()`, which is wrong while the clock is being set.
   */
  elapsed?(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  startTimer(callback, milliseconds, { background = false } = {}) {
    const timer: unknown = setTimeout(callback, milliseconds);
    // In browsers and on some edge runtimes a timer is a number.
    if (background) (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
  elapsed: () => performance.now(),
};

/**
 * Settles as `work` does, but rejects with `createError()` if that takes longer than `milliseconds`. The work itself is
 * not cancelled. A clock without timers waits for as long as it takes.
 */
export function withTimeout<Result>(
  work: Promise<Result>,
  timeout: {
    readonly clock: Pick<Clock, 'startTimer'>;
    readonly milliseconds: number;
    readonly createError: () => Error;
  },
): Promise<Result> {
  const { clock, milliseconds, createError } = timeout;
  return new Promise((resolve, reject) => {
    const stop = clock.startTimer?.(() => reject(createError()), milliseconds);
    work.then(
      (result) => {
        stop?.();
        resolve(result);
      },
      (error: unknown) => {
        stop?.();
        reject(error);
      },
    );
  });
}

/** True if `NODE_ENV` is `production`. */
export function isProduction(): boolean {
  return globalThis.process?.env?.['NODE_ENV'] === 'production';
}

/** Prints a warning to standard error, if the runtime has process warnings. */
export function emitWarning(message: string): void {
  globalThis.process?.emitWarning?.(message, { type: 'SessWarning' });
}
