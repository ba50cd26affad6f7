import { StoreUnavailableError } from '@sess/core';
import { withTimeout } from '@sess/core/internal';
import type { StartTimer } from './timers.js';

/** Gives every call so much time, whatever the client underneath does with it. */
export type WithDeadline = <Result>(operation: string, work: Promise<Result>) => Promise<Result>;

/**
 * A client's own time-out may be absent, and does not cancel: a call that was given up on may still be
 * sent later. That is harmless here, because writes carry `notAfter`, but the caller must not wait.
 */
export function createDeadline(timeout: number, startTimer: StartTimer): WithDeadline {
  return (operation, work) =>
    withTimeout(work, {
      clock: { startTimer },
      milliseconds: timeout,
      createError: () =>
        new StoreUnavailableError(`Redis did not answer '${operation}' within ${timeout} ms.`),
    });
}
