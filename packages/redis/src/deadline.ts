import { StoreUnavailableError, systemClock } from '@sess/core';
import { createDeadlines } from '@sess/core/store';
import type { StartTimer } from './timers.js';

/** Gives every call so much time, whatever the client underneath does with it. */
export type WithDeadline = <Result>(operation: string, work: Promise<Result>) => Promise<Result>;

/**
 * A client's own time-out may be absent, and does not cancel: a call that was given up on may still be
 * sent later. That is harmless here, because writes carry `notAfter`, but the caller must not wait.
 */
export function createDeadline(timeout: number, startTimer: StartTimer): WithDeadline {
  const deadlines = createDeadlines({ ...systemClock, startTimer }, timeout);
  return (operation, work) =>
    new Promise((resolve, reject) => {
      const deadline = deadlines.start({
        expire() {
          reject(
            new StoreUnavailableError(`Redis did not answer '${operation}' within ${timeout} ms.`),
          );
        },
      });
      work.then(
        (result) => {
          deadlines.stop(deadline);
          resolve(result);
        },
        (error: unknown) => {
          deadlines.stop(deadline);
          reject(error);
        },
      );
    });
}
