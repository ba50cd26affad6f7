import { systemClock } from '@sess/core/internal';

/** Writes of one subject that may wait in this process; a further one is rejected. */
const MAX_WAITING = 1_000;

/** Timers may fire by this much too early: a work that waited for one has waited as long as the timeout. */
const EARLY_MS = 1;

/** Runs writes of one subject one after the other, and writes of different subjects concurrently. */
export interface SubjectQueue {
  /**
   * Runs `work` after every earlier work of the same tag has settled, or has taken as long as the timeout.
   * @throws {Error} if 1,000 works of that tag are waiting already, or if it waited as long as the timeout
   */
  run<Value>(tag: string, work: () => Promise<Value>): Promise<Value>;
}

interface Tail {
  /** Resolves when the next work may run. */
  last: Promise<void>;
  waiting: number;
}

/**
 * Creates a queue per subject. Concurrent writers of one subject would each hold a connection while they wait for
 * the lock of its row, and leave none for the verifications of everyone else.
 *
 * @param options.timeout milliseconds after which the caller has given up on a work. A work that waited for that long
 *   is not sent; one that runs for that long, on a connection that is dead, no longer holds up the others
 */
export function createSubjectQueue({ timeout }: { readonly timeout: number }): SubjectQueue {
  const tails = new Map<string, Tail>();
  const elapsed = (): number => systemClock.elapsed?.() ?? systemClock.now();

  return {
    async run(tag, work) {
      const tail = tails.get(tag) ?? { last: Promise.resolve(), waiting: 0 };
      if (tail.waiting >= MAX_WAITING) {
        throw new Error(`${MAX_WAITING} writes of one subject are waiting for the database.`);
      }
      tails.set(tag, tail);
      tail.waiting += 1;
      const since = elapsed();
      const turn = tail.last;
      let free = (): void => undefined;
      tail.last = new Promise<void>((resolve) => {
        free = () => {
          tail.waiting -= 1;
          if (tail.waiting === 0) tails.delete(tag);
          free = () => undefined;
          resolve();
        };
      });
      let stop: (() => void) | undefined;
      try {
        await turn;
        if (elapsed() - since >= timeout - EARLY_MS) {
          throw new Error('The write waited too long for earlier writes of its subject.');
        }
        stop = systemClock.startTimer?.(() => free(), timeout, { background: true });
        return await work();
      } finally {
        stop?.();
        free();
      }
    },
  };
}
