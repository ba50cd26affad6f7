import fc from 'fast-check';

/*
 * What property tests that try hostile input share. A failure prints the seed and the smallest input found; to see it again:
 * SESS_FUZZ_SEED=<seed> npm test -- <file>. SESS_FUZZ=20 tries twenty times as much as usual.
 */
const FACTOR = Number(process.env['SESS_FUZZ'] ?? 1);
const SEED = process.env['SESS_FUZZ_SEED'];

/** Milliseconds for a test, which grow with what it tries. */
export const PATIENCE: number = 20_000 * Math.max(1, FACTOR);

/** So many runs, unless the environment asks for more. */
export function runs(usual: number): { readonly numRuns: number; readonly seed?: number } {
  const numRuns = Math.max(1, Math.round(usual * FACTOR));
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

/** Values near a good one: wrapped, boxed, spelt otherwise. They are mistaken for it more easily than noise is. */
export function near(...good: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.constantFrom(
    ...good.flatMap((value) => [
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
