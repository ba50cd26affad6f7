/** Random choices that a seed repeats. */
export interface Prng {
  /** From 0 up to, but without, 1. */
  next(): number;
  /** A whole number from `low` up to and with `high`. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** What stands in for the operating system's generator. */
  bytes(size: number): Uint8Array;
}

/** mulberry32: 32 bits of state, which is plenty for choosing what to break next. */
export function createPrng(seed: number): Prng {
  let state = seed >>> 0;

  function nextWord(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const next = (): number => nextWord() / 2 ** 32;
  const between = (low: number, high: number): number =>
    low + Math.floor(next() * (high - low + 1));

  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick(items) {
      if (items.length === 0) throw new RangeError('There is nothing to pick from.');
      return items[between(0, items.length - 1)] as (typeof items)[number];
    },
    bytes(size) {
      const words = new Uint32Array(Math.ceil(size / 4)).map(nextWord);
      return new Uint8Array(words.buffer, 0, size);
    },
  };
}

/** A seed that belongs to another one: neighbours share nothing that shows. */
export function deriveSeed(seed: number, place: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(place + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
