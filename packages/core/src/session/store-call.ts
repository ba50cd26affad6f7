import { isSessError, StoreUnavailableError } from '../errors.js';
import type { Clock } from '../util/clock.js';
import { createDeadlines } from '../util/deadlines.js';
import type { Logger } from '../util/logger.js';
import type { Events } from './events.js';

/**
 * Calls a store, under the name of the operation.
 *
 * @param check throws if the result is invalid; may return what takes the place of the result
 * @throws {StoreUnavailableError} for every failure, except a `UsageError` of `ready`
 */
export type CallStore = <Result>(
  operation: string,
  call: () => Promise<Result>,
  check?: (result: Result) => Promise<Result> | undefined,
) => Promise<Result>;

/** What is called, and where its failures are reported. */
export interface CallContext {
  /** As in "The session store failed". */
  readonly name: string;
  /** Milliseconds after which a call is given up. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit' | 'isHeard'>;
  readonly logger: Logger;
}

/** Wraps store calls: enforces the timeout, maps errors to `StoreUnavailableError`, emits `store-call`. */
export function createCallStore(context: CallContext): CallStore {
  const { name, timeout, clock, events, logger } = context;
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();
  const deadlines = createDeadlines(clock, timeout);

  function emitTiming(operation: string, began: number | undefined, ok: boolean): void {
    if (began === undefined) return;
    // A clock without `elapsed` may have been set back in the meantime.
    events.emit('store-call', { operation, duration: Math.max(0, elapsed() - began), ok });
  }

  function wrapError(operation: string, error: unknown): unknown {
    logger.error({ operation, error }, `the ${name} failed`);
    events.emit('store-error', { operation, error });
    if (isSessError(error, 'store_unavailable')) return error;
    // `ready` reports a set-up that must not be used. To a request it is a failure like any other.
    if (isSessError(error, 'invalid_option') && operation === 'ready') return error;
    return new StoreUnavailableError(`The ${name} failed at '${operation}'. See the cause.`, {
      cause: error,
    });
  }

  // One promise for the timeout, the check and the events: calls are most of the cost of a verification.
  return <Result>(
    operation: string,
    call: () => Promise<Result>,
    check?: (result: Result) => Promise<Result> | undefined,
  ) =>
    new Promise<Result>((resolve, reject) => {
      const began = events.isHeard('store-call') ? elapsed() : undefined;
      let isPending = true;
      const settle = (ok: boolean): void => {
        isPending = false;
        deadlines.stop(deadline);
        emitTiming(operation, began, ok);
      };
      const fail = (error: unknown): void => {
        if (!isPending) return;
        settle(false);
        reject(wrapError(operation, error));
      };
      const deadline = deadlines.start(() =>
        fail(
          new StoreUnavailableError(
            `The ${name} did not respond to '${operation}' within ${timeout} ms.`,
          ),
        ),
      );
      const succeed = (result: Result): void => {
        if (!isPending) return;
        let other: Promise<Result> | undefined;
        try {
          other = check?.(result);
        } catch (error) {
          fail(error);
          return;
        }
        settle(true);
        resolve(other ?? result);
      };
      try {
        call().then(succeed, fail);
      } catch (error) {
        fail(error);
      }
    });
}
