import type { Denylist, SessionStore } from '@sess/core/store';

/** Operations that fail on command and are counted. */
export interface Switches<Operation> {
  /** Makes each further call of the named operations reject. Default: all operations. */
  fail(...operations: readonly Operation[]): void;
  /** Makes all operations work again. */
  heal(): void;
  /** The number of calls since the start, by operation. */
  readonly calls: ReadonlyMap<string, number>;
}

/** A store that fails on command. */
export interface FaultyStore extends Switches<StoreOperation> {
  readonly store: SessionStore;
}

/** A denylist that fails on command. */
export interface FaultyDenylist extends Switches<DenylistOperation> {
  readonly denylist: Denylist;
}

const STORE_OPERATIONS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'list',
  'removeAll',
  'ready',
] as const;
const DENYLIST_OPERATIONS = [
  'currentVersion',
  'isDenied',
  'deny',
  'denyAll',
  'supersede',
  'ready',
] as const;

export type StoreOperation = (typeof STORE_OPERATIONS)[number];
export type DenylistOperation = (typeof DENYLIST_OPERATIONS)[number];

/**
 * Creates a store that passes each call on to `inner`, or rejects it after `fail()`. It has no synchronous reads from a
 * cache, so every read can fail.
 */
export function createFaultyStore(inner: SessionStore): FaultyStore {
  const { guarded, ...switches } = createSwitches('store', inner, STORE_OPERATIONS);
  return {
    ...switches,
    store: {
      ...guarded,
      timeout: inner.timeout,
      ...(inner.isLocal === undefined ? {} : { isLocal: inner.isLocal }),
      open: (context) => inner.open?.(context),
      close: () => inner.close(),
    },
  };
}

/**
 * Creates a denylist that passes each call on to `inner`, or rejects it after `fail()`. It has no synchronous reads from
 * a cache, so every read can fail.
 */
export function createFaultyDenylist(inner: Denylist): FaultyDenylist {
  const { guarded, ...switches } = createSwitches('denylist', inner, DENYLIST_OPERATIONS);
  return {
    ...switches,
    denylist: {
      ...guarded,
      timeout: inner.timeout,
      isLocal: inner.isLocal,
      open: (context) => inner.open?.(context),
      close: () => inner.close(),
    },
  };
}

/** Returns the named operations of an object, each behind a switch. */
function createSwitches<Port extends object, Operation extends keyof Port & string>(
  name: string,
  inner: Port,
  operations: readonly Operation[],
): Switches<Operation> & { readonly guarded: Pick<Port, Operation> } {
  const failing = new Set<string>();
  const calls = new Map<string, number>();
  const guarded: Record<string, unknown> = {};
  for (const operation of operations) {
    guarded[operation] = async (...parameters: readonly unknown[]): Promise<unknown> => {
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      if (failing.has(operation)) throw new Error(`The ${name} is down (${operation}).`);
      const call = inner[operation] as (...args: readonly unknown[]) => Promise<unknown>;
      return call.apply(inner, [...parameters]);
    };
  }
  return {
    guarded: guarded as Pick<Port, Operation>,
    fail(...named) {
      for (const operation of named.length > 0 ? named : operations) failing.add(operation);
    },
    heal: () => failing.clear(),
    calls,
  };
}
