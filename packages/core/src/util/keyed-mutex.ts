import type { Clock } from './clock.js';

/** Runs work with the same key one after the other, in this process. */
export type KeyedMutex = <Outcome>(key: string, work: () => Promise<Outcome>) => Promise<Outcome>;

/** Work waits for its predecessor for at most this long: behind a silent store, timeouts would add up. */
const MAX_WAIT_MS = 100;

/**
 * Serializes work by key in this process. Writers of one session would otherwise conflict with each other and lose
 * attempts. After 100 ms, compare-and-set resolves the conflict instead.
 */
export function createKeyedMutex(clock: Clock): KeyedMutex {
  // A holder is emptied when its work ends: tables that the map leaves behind must not keep results alive.
  const last = new Map<string, { work: Promise<unknown> | undefined }>();

  function waitFor(previous: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const stop = clock.startTimer?.(resolve, MAX_WAIT_MS);
      const proceed = (): void => {
        stop?.();
        resolve();
      };
      previous.then(proceed, proceed);
    });
  }

  return async (key, work) => {
    const previous = last.get(key)?.work;
    const current = previous === undefined ? work() : waitFor(previous).then(work);
    const holder: { work: Promise<unknown> | undefined } = { work: current };
    last.set(key, holder);
    try {
      return await current;
    } finally {
      holder.work = undefined;
      if (last.get(key) === holder) last.delete(key);
    }
  };
}
