import type { SessionStore } from '@sess/core/store';
import type { MakeStore } from '@sess/simulation';

/** Histories at full scale: each takes some hundred calls of a real database. */
export const RUNS = 100;

/** Returns a store that waits for its tables before each call. */
export function afterReady(store: SessionStore, ready: Promise<unknown>): SessionStore {
  // A failure is reported by the first call.
  ready.catch(() => undefined);
  const wait =
    <Given extends unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      await ready;
      return call(...given);
    };
  return {
    timeout: store.timeout,
    load: wait(store.load),
    list: wait(store.list),
    insert: wait(store.insert),
    replaceAuth: wait(store.replaceAuth),
    replaceData: wait(store.replaceData),
    remove: wait(store.remove),
    removeAll: wait(store.removeAll),
    ready: wait(store.ready),
    close: wait(store.close),
  };
}

/** Returns a function that puts the simulated time in the place of the server's clock. */
export function replaceClock(
  expression: string,
  clock: Parameters<MakeStore>[0],
  literal: (now: number) => string,
): (text: string) => string {
  return (text) => text.replaceAll(expression, literal(Math.floor(clock.now())));
}
