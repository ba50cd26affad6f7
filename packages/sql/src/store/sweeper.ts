import type { Clock, Logger } from '@sess/core';

/** Deletes what has ended, beside the writes of this process. */
export interface Sweeper {
  /** Starts a sweep in the background if the last one is long enough ago. */
  afterWrite(): void;
  /** Remembers where to report a sweep that fails. */
  open(context: { readonly clock: Clock; readonly logger: Logger }): void;
}

/**
 * Creates a sweeper without a timer: a process that writes nothing has nothing to sweep.
 *
 * @param options.intervalMs least time between two sweeps; `undefined`: none but those that the caller asks for
 */
export function createSweeper(options: {
  readonly intervalMs: number | undefined;
  sweep(): Promise<void>;
}): Sweeper {
  const { intervalMs, sweep } = options;
  let context: { readonly clock: Clock; readonly logger: Logger } | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let isRunning = false;

  async function run({ logger }: { readonly logger: Logger }): Promise<void> {
    isRunning = true;
    try {
      await sweep();
    } catch (error) {
      logger.warn({ error }, 'Ended sessions could not be deleted. The next write tries again.');
    } finally {
      isRunning = false;
    }
  }

  return {
    open(given) {
      context ??= given;
    },
    afterWrite() {
      if (context === undefined || intervalMs === undefined || isRunning) return;
      const now = context.clock.now();
      if (now - last < intervalMs && now >= last) return;
      last = now;
      void run(context);
    },
  };
}
