import type { Clock } from '../clock.js';
import { StoreUnavailableError, UsageError } from '../errors.js';
import type { Events } from '../events.js';
import type { Logger } from '../logger.js';

/**
 * Calls something that may fail, under a name.
 *
 * @throws StoreUnavailableError whatever it fails with, but for a UsageError of `ready`
 */
export type Calling = <Answer>(operation: string, call: () => Promise<Answer>) => Promise<Answer>;

/** What calls go to, and who is told when they fail. */
export interface CallsContext {
  /** As in "The session store failed". */
  readonly name: string;
  /** Milliseconds after which what is called should have given up. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly events: Events;
  readonly logger: Logger;
}

/**
 * Gives faults one name, and every call a deadline; tells how long each took, if somebody wants to know. What is called has to give up by itself after its `timeout`;
 * if it does not, it is given up on here, a little later.
 */
export function createCalling(context: CallsContext): Calling {
  const { name, clock, events, logger } = context;
  const patience = context.timeout * 1.25;
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();

  function withDeadline<Answer>(operation: string, call: Promise<Answer>): Promise<Answer> {
    const { startTimer } = clock;
    if (startTimer === undefined) return call;
    return new Promise((resolve, reject) => {
      const stop = startTimer(() => {
        reject(
          new StoreUnavailableError(
            `The ${name} did not answer '${operation}' within ${patience} ms.`,
          ),
        );
      }, patience);
      call.then(
        (answer) => {
          stop();
          resolve(answer);
        },
        (error: unknown) => {
          stop();
          reject(error);
        },
      );
    });
  }

  function tellOfCall(operation: string, began: number | undefined, ok: boolean): void {
    if (began === undefined) return;
    // A clock that measures by the time of day may have been set back meanwhile.
    events.emit('store-call', { operation, duration: Math.max(0, elapsed() - began), ok });
  }

  return async (operation, call) => {
    const began = events.isHeard('store-call') ? elapsed() : undefined;
    try {
      const answer = await withDeadline(operation, call());
      tellOfCall(operation, began, true);
      return answer;
    } catch (error) {
      tellOfCall(operation, began, false);
      logger.error({ operation, error }, `the ${name} failed`);
      events.emit('store-error', { operation, error });
      if (error instanceof StoreUnavailableError) throw error;
      // A set-up that must not be used is told of at the start. To a request it is a fault like any other.
      if (error instanceof UsageError && operation === 'ready') throw error;
      throw new StoreUnavailableError(`The ${name} failed at '${operation}'. See the cause.`, {
        cause: error,
      });
    }
  };
}
