import type { SessionStore } from '@sess/core/store';

/** A store that fails when it is told to. */
export interface FaultyStore {
  readonly store: SessionStore;
  /** From now on every call to the named operations (default: all) rejects. */
  fail(...operations: readonly (keyof SessionStore)[]): void;
  /** Ends the failing. */
  heal(): void;
  /** Calls seen since the start, by operation: what "the store is untouched" is checked by. */
  readonly calls: ReadonlyMap<string, number>;
}

const OPERATIONS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'list',
  'removeAll',
  'ready',
] as const;

/** Puts a switch in front of a real store. Reads from memory are cut off, so that every read can fail. */
export function createFaultyStore(inner: SessionStore): FaultyStore {
  const failing = new Set<string>();
  const calls = new Map<string, number>();

  const guarded: Record<string, unknown> = {};
  for (const operation of OPERATIONS) {
    guarded[operation] = async (...parameters: readonly unknown[]): Promise<unknown> => {
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      if (failing.has(operation)) throw new Error(`the store is down (${operation})`);
      const call = inner[operation] as (...args: readonly unknown[]) => Promise<unknown>;
      return call.apply(inner, [...parameters]);
    };
  }
  return {
    store: {
      ...(guarded as unknown as SessionStore),
      timeout: inner.timeout,
      open: (context) => inner.open?.(context),
      close: () => inner.close(),
    },
    fail(...operations) {
      for (const operation of operations.length > 0 ? operations : OPERATIONS)
        failing.add(operation);
    },
    heal: () => failing.clear(),
    calls,
  };
}
