/** Operations that fail when they are told to, and are counted. */
export interface Switches<Operation> {
  /** From now on every call to the named operations (default: all) rejects. */
  fail(...operations: readonly Operation[]): void;
  /** Ends the failing. */
  heal(): void;
  /** Calls seen since the start, by operation: what "the store is untouched" is checked by. */
  readonly calls: ReadonlyMap<string, number>;
}

/** Puts a switch in front of the named operations of an object. The others are left out of `guarded`. */
export function createSwitches<Port extends object, Operation extends keyof Port & string>(
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
      if (failing.has(operation)) throw new Error(`the ${name} is down (${operation})`);
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
