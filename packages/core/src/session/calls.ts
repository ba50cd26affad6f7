import { createDeadlines, type TimedCall } from '../deadlines.js';
import { StoreUnavailableError, UsageError } from '../errors.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import type { Events } from './events.js';

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
  readonly events: Pick<Events, 'emit' | 'isHeard'>;
  readonly logger: Logger;
}

/**
 * Gives faults one name, and every call a deadline; tells how long each took, if somebody wants to know. What is called has to give up by itself after its `timeout`;
 * if it does not, it is given up on here, a little later.
 */
export function createCalling(context: CallsContext): Calling {
  const { name, clock, events, logger } = context;
  const patience = context.timeout * 1.25;
  const deadlines = createDeadlines(clock, patience);
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();

  function emitTiming(operation: string, began: number | undefined, ok: boolean): void {
    if (began === undefined) return;
    // A clock that measures by the time of day may have been set back meanwhile.
    events.emit('store-call', { operation, duration: Math.max(0, elapsed() - began), ok });
  }

  /** Tells of a fault, and gives it its name. */
  function wrapError(operation: string, error: unknown): unknown {
    logger.error({ operation, error }, `the ${name} failed`);
    events.emit('store-error', { operation, error });
    if (error instanceof StoreUnavailableError) return error;
    // A set-up that must not be used is told of at the start. To a request it is a fault like any other.
    if (error instanceof UsageError && operation === 'ready') return error;
    return new StoreUnavailableError(`The ${name} failed at '${operation}'. See the cause.`, {
      cause: error,
    });
  }

  /** One call under way. */
  class Call<Answer> implements TimedCall {
    readonly #operation: string;
    readonly #resolve: (answer: Answer) => void;
    readonly #reject: (error: unknown) => void;
    readonly #began = events.isHeard('store-call') ? elapsed() : undefined;
    readonly #deadline = deadlines.start(this);
    #hasEnded = false;

    constructor(
      operation: string,
      resolve: (answer: Answer) => void,
      reject: (error: unknown) => void,
    ) {
      this.#operation = operation;
      this.#resolve = resolve;
      this.#reject = reject;
    }

    #end(ok: boolean): boolean {
      if (this.#hasEnded) return false;
      this.#hasEnded = true;
      deadlines.stop(this.#deadline);
      emitTiming(this.#operation, this.#began, ok);
      return true;
    }

    succeed(answer: Answer): void {
      if (this.#end(true)) this.#resolve(answer);
    }

    fail(error: unknown): void {
      if (this.#end(false)) this.#reject(wrapError(this.#operation, error));
    }

    expire(): void {
      this.fail(
        new StoreUnavailableError(
          `The ${name} did not answer '${this.#operation}' within ${patience} ms.`,
        ),
      );
    }
  }

  // One promise, and not one for the deadline, one for the fault and one for the telling: calls are most of what a
  // verification costs.
  return <Answer>(operation: string, call: () => Promise<Answer>) =>
    new Promise<Answer>((resolve, reject) => {
      const pending = new Call(operation, resolve, reject);
      try {
        call().then(
          (answer) => pending.succeed(answer),
          (error: unknown) => pending.fail(error),
        );
      } catch (error) {
        pending.fail(error);
      }
    });
}
