/** Node's `util.inspect` (and so the console) calls a method of this name. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Makes an object show itself without some of its properties. JSON still holds them: a program may have to send it. */
export function hideWhenInspected<Value extends object>(
  names: readonly string[],
  value: Value,
): Value {
  return Object.defineProperty(value, INSPECT, {
    value: () => {
      const shown = Object.entries(value).map(([name, part]) => [
        name,
        names.includes(name) ? '[hidden]' : part,
      ]);
      return Object.fromEntries(shown);
    },
  });
}
