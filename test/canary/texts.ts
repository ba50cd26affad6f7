import { inspect } from 'node:util';

/** More than anything that is written has. */
const MOST = 100_000;

/** Every text that stands in a value, wherever, and how the value shows itself when it is printed or sent. */
export function textsOf(value: unknown): readonly string[] {
  return [String(value), shown(value), toJson(value), ...partsOf(value)];
}

/**
 * The texts that a value is made of: names and values of properties, hidden ones too, keys and entries of collections,
 * bytes as characters and in hex. Properties that are left out are not even read: making a stack takes time.
 */
export function partsOf(value: unknown, leftOut: readonly string[] = []): readonly string[] {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next === 'string') texts.push(next);
    if (next instanceof Uint8Array) {
      const bytes = Buffer.from(next);
      texts.push(bytes.toString('latin1'), bytes.toString('hex'));
    } else if (typeof next === 'object' && next !== null && !seen.has(next)) {
      seen.add(next);
      if (seen.size > MOST) throw new Error('there is too much in it to look through');
      if (next instanceof Map || next instanceof Set) open.push(...[...next].flat());
      for (const name of Object.getOwnPropertyNames(next)) {
        if (leftOut.includes(name)) continue;
        open.push(name, Object.getOwnPropertyDescriptor(next, name)?.value);
      }
    }
  }
  return texts;
}

function shown(value: unknown): string {
  return inspect(value, {
    depth: 20,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

/** Empty for what cannot be sent. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    if (error instanceof TypeError) return '';
    throw error;
  }
}
