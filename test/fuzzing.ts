import fc from 'fast-check';

/*
 * What property tests share. A failure prints its seed and the smallest input found; SESS_FUZZ_SEED=<seed> tries that
 * again. SESS_SCALE is the share of the full size at which repeated tests run: 1 is full, 20 is twenty times as much.
 */
const SCALE = Number(process.env['SESS_SCALE'] ?? 1);
const SEED = process.env['SESS_FUZZ_SEED'];

/** The timeout of a test that repeats something, in milliseconds: it grows with the scale. */
export const PATIENCE: number = 20_000 * Math.max(1, SCALE);

/**
 * Returns the count that stands for `full` at the scale of this run, at least 1. For numbers of repetitions, and for
 * the floors of tests that count how often a case came up.
 */
export function scaled(full: number): number {
  return Math.max(1, Math.round(full * SCALE));
}

/**
 * Returns the parameters of fast-check for a property that is tried `full` times at full scale, and `least` times at
 * any scale where fewer would not come upon what it is about.
 */
export function runs(
  full: number,
  least = 1,
): { readonly numRuns: number; readonly seed?: number } {
  const numRuns = Math.max(least, scaled(full));
  return SEED === undefined ? { numRuns } : { numRuns, seed: Number(SEED) };
}

/** What a program in plain JavaScript can hand over by mistake: any value, the awkward ones often. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, '', 0, -1, Number.NaN, Infinity, true, 1n),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      Symbol('it'),
      () => undefined,
      class {},
      Object.create(null),
      [],
      {},
      new Date(Number.NaN),
      Promise.resolve(1),
      circular(),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      maxDepth: 2,
    }),
  },
);

function circular(): object {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  return loop;
}

/** Good values, and values near them: wrapped, boxed, spelt otherwise. These are mistaken for good ones more easily than noise is. */
export function near(...good: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.constantFrom(
    ...good.flatMap((value) => [
      value,
      value,
      value,
      [value],
      [value, value],
      { value },
      Object(value) as unknown,
      { toString: () => value, valueOf: () => value },
      `${String(value)} `,
      ` ${String(value)}`,
      `${String(value)}\n`,
      String(value).toUpperCase(),
      Promise.resolve(value),
      () => value,
    ]),
  );
}

/** Something that is done to a text. */
type Change = (text: string) => string;

const anyCharacters = fc.oneof(
  fc.constantFrom(...'09azAZ-_.~+/=;:,|!"\\{}[]()<>%& \t\r\n\0'),
  fc.constantFrom('\u00a0', '\ufeff', '\u2028', 'ｅ', '\ud800', '👩‍💻', '9'.repeat(17), '%00'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);

const oneChange: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(), fc.nat(12), anyCharacters)
  .chain(([place, length, text]) => {
    const at = (whole: string): number => place % (whole.length + 1);
    const cut = (whole: string, middle: string, gone: number): string =>
      whole.slice(0, at(whole)) + middle + whole.slice(at(whole) + gone);
    return fc.constantFrom<Change>(
      (whole) => cut(whole, text, 1),
      (whole) => cut(whole, text, 1),
      (whole) => cut(whole, text, 0),
      (whole) => cut(whole, '', length + 1),
      (whole) => cut(whole, whole.slice(at(whole), at(whole) + length), 0),
      (whole) => cut(whole, text.repeat(length), length),
      (whole) => whole.slice(0, at(whole)),
      (whole) => whole.slice(at(whole)),
      (whole) => whole + whole,
      (whole) => [...whole].reverse().join(''),
      // A digit for another: numbers stay numbers.
      (whole) => cut(whole, String(place % 10), 1),
    );
  });

/** One to three changes of a good text: closer to what is accepted than noise ever comes. */
export const changes: fc.Arbitrary<Change> = fc
  .array(oneChange, { minLength: 1, maxLength: 3 })
  .map((all) => (text) => all.reduce((changed, change) => change(changed), text));
