import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--allow-natives-syntax');
const isYoung = new Function('value', 'return %InYoungGeneration(value)') as (
  value: object,
) => boolean;
setFlagsFromString('--no-allow-natives-syntax');

/**
 * True if V8 creates the functions that `find` returns in its young generation. One that it creates in the old one keeps
 * what it refers to alive until the next full collection.
 *
 * @param find returns the functions of another object at each call
 */
export async function areYoung(find: () => Iterable<object> | Promise<Iterable<object>>) {
  // A collection may move a young one meanwhile, so one success counts.
  for (let times = 0; times < 8; times += 1) {
    if ([...(await find())].every(isYoung)) return true;
  }
  return false;
}

/** Returns the functions among the own properties of an object. */
export function ownFunctions(object: object): readonly object[] {
  const values = Object.values(Object.getOwnPropertyDescriptors(object));
  return values.flatMap(({ value, get }) =>
    [value, get].filter((one) => typeof one === 'function'),
  );
}
