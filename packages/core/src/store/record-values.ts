/* Readers of the values in a stored record. A value of another kind makes the record unreadable: a `TypeError`. */

/** Returns a value that is a list. @throws {TypeError} */
export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('list');
  return value;
}

/** Returns what is made of each two items of a list. @throws {TypeError} */
export function pairs<Item>(
  value: unknown,
  create: (first: unknown, second: unknown) => Item,
): readonly Item[] {
  const flat = list(value);
  const items: Item[] = [];
  for (let n = 0; n < flat.length; n += 2) items.push(create(flat[n], flat[n + 1]));
  return items;
}

/** Returns items of which there has to be one. @throws {TypeError} */
export function atLeastOne<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length === 0) throw new TypeError('empty');
  return items;
}

/** Returns a value that is text. @throws {TypeError} */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('text');
  return value;
}

/** Returns a value that is a whole number. @throws {TypeError} */
export function number(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError('number');
  return value as number;
}

/** Milliseconds that something lasts. */
export function span(value: unknown): number {
  const length = number(value);
  if (length <= 0) throw new TypeError('span');
  return length;
}

/** A uint32 in tokens and derivations, whose successor has to be one too. */
export function counter(value: unknown): number {
  const count = number(value);
  if (count < 0 || count >= 0xffffffff) throw new TypeError('counter');
  return count;
}

/** Sessions expose their data as it is cached, so callers must not be able to change it. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
