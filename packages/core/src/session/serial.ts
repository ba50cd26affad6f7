import type { Clock } from '../clock.js';

/** Runs work on one session after the other, in this process. */
export type InTurn = <Outcome>(sid: string, work: () => Promise<Outcome>) => Promise<Outcome>;

/** Milliseconds that work waits for its turn: behind a store that is silent, deadlines would add up. */
const PATIENCE = 100;

/**
 * Writers of one session in one process would only run into each other's versions, and lose rounds by it;
 * so they take turns. Between processes, and after much waiting, compare-and-set decides.
 */
export function createKeyedMutex({ startTimer }: Clock): InTurn {
  const last = new Map<string, Promise<unknown>>();

  function turnAfter(before: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const stop = startTimer?.(resolve, PATIENCE);
      const goOn = (): void => {
        stop?.();
        resolve();
      };
      before.then(goOn, goOn);
    });
  }

  return async (sid, work) => {
    const before = last.get(sid);
    const mine = before === undefined ? work() : turnAfter(before).then(work);
    last.set(sid, mine);
    try {
      return await mine;
    } finally {
      if (last.get(sid) === mine) last.delete(sid);
    }
  };
}
