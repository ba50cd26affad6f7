import { UsageError } from '../errors.js';

/** A length of time: a number of seconds, or a number with a unit, as in `'30s'`, `'15m'`, `'12h'`, `'7d'`. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`;

/**
 * Reads one option: returns the checked value, or the default if the value is `undefined`.
 *
 * @throws {UsageError} invalid_option
 */
export type Reader<Value> = (option: string, value: unknown) => Value;

/** A reader for each option of an interface: an option without a reader does not compile. */
export type Readers<Options extends object> = {
  readonly [Name in keyof Options]-?: Reader<unknown>;
};

/** What a table of readers makes of the options. */
export type ReadValues<Table extends object> = {
  readonly [Name in keyof Table]: Table[Name] extends Reader<infer Value> ? Value : never;
};

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A hundred years: later times cannot be represented as a date. */
const MAX_DURATION_MS = 36_500 * UNIT_MS.d;

/** Unit names that are often written in full, for the suggestion in the message. */
const UNIT_OF_WORD: readonly (readonly [RegExp, keyof typeof UNIT_MS])[] = [
  [/^s(ec(ond)?s?)?$/i, 's'],
  [/^m(in(ute)?s?)?$/i, 'm'],
  [/^h((ou)?rs?)?$/i, 'h'],
  [/^d(ays?)?$/i, 'd'],
];

/**
 * Reads options by a table of readers. Returns a frozen object with a value for every reader.
 *
 * @param owner the function that takes the options, for messages about unknown names
 * @param prefix put before option names in messages, as in `cookie.`
 * @throws {UsageError} invalid_option if `options` is not an object, has an unknown name or a wrong value
 */
export function readOptions<Table extends Record<string, Reader<unknown>>>(
  owner: string,
  options: unknown,
  table: Table,
  prefix = '',
): ReadValues<Table> {
  assertKnown(owner, options, Object.keys(table));
  const values = Object.entries(table).map(([name, read]) => [
    name,
    read(prefix + name, (options as Record<string, unknown>)[name]),
  ]);
  return Object.freeze(Object.fromEntries(values)) as ReadValues<Table>;
}

/**
 * Refuses a misspelt option, which would otherwise leave a default in force without notice.
 *
 * @throws {UsageError} invalid_option
 */
export function assertKnown(owner: string, options: unknown, names: Iterable<string>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw optionError({ option: owner, expected: 'an object of options', value: options });
  }
  const known = [...names];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    'invalid_option',
    `${owner}: there is no option '${unknown.slice(0, 40)}'. Known are: ${known.join(', ')}.`,
  );
}

/**
 * Creates a reader from a predicate.
 *
 * @param spec.default returned if the option is absent; without it, `undefined` is returned
 * @param spec.repair a sentence for the end of the message
 */
export function option<Value>(spec: {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly default: () => Value;
  readonly repair?: string;
}): Reader<Value>;
export function option<Value>(spec: {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly repair?: string;
}): Reader<Value | undefined>;
export function option<Value>(spec: {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly default?: () => Value;
  readonly repair?: string;
}): Reader<Value | undefined> {
  const { expected, repair } = spec;
  return (name, value) => {
    // `null` is a value, and mostly a wrong one: only an absent option takes the default.
    if (value === undefined) return spec.default?.();
    if (spec.accepts(value)) return value as Value;
    throw optionError({
      option: name,
      expected,
      value,
      ...(repair === undefined ? {} : { repair }),
    });
  };
}

/** Creates a reader for one of some values. The first one is the default. */
export function oneOf<const Value extends string | boolean>(
  ...values: readonly [Value, ...Value[]]
): Reader<Value> {
  return option<Value>({
    expected: values.map((value) => formatShort(value)).join(' or '),
    accepts: (value) => (values as readonly unknown[]).includes(value),
    default: () => values[0],
  });
}

/** Creates a reader for a whole number from `min` to `max`. */
export function integer(range: {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}): Reader<number> {
  const { min, max } = range;
  return option<number>({
    expected: `a whole number from ${format(min)} to ${format(max)}`,
    accepts: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
    default: () => range.default,
  });
}

/**
 * Creates a reader for an object with methods, such as a store.
 *
 * @param spec.repair what to give instead, as in `Give memoryStore() or another store.`
 */
export function port<Port extends object>(spec: {
  readonly methods: readonly (keyof Port & string)[];
  readonly repair: string;
  readonly default: () => Port;
}): Reader<Port>;
export function port<Port extends object>(spec: {
  readonly methods: readonly (keyof Port & string)[];
  readonly repair: string;
}): Reader<Port | undefined>;
export function port<Port extends object>(spec: {
  readonly methods: readonly (keyof Port & string)[];
  readonly repair: string;
  readonly default?: () => Port;
}): Reader<Port | undefined> {
  return (name, value) => {
    if (value === undefined) return spec.default?.();
    const missing = spec.methods.find(
      (method) => typeof (value as Partial<Port> | null)?.[method] !== 'function',
    );
    if (missing === undefined) return value as Port;
    const expected = `an object with a method '${missing}'`;
    throw optionError({ option: name, expected, value, repair: spec.repair });
  };
}

/**
 * Creates a reader for a duration. It returns milliseconds.
 *
 * @param range.min milliseconds, default 1,000
 * @param range.max milliseconds, default 100 years
 */
export function duration(range: {
  readonly default: Duration;
  readonly min?: number;
  readonly max?: number;
}): Reader<number>;
export function duration(range?: {
  readonly min?: number;
  readonly max?: number;
}): Reader<number | undefined>;
export function duration(
  range: { readonly default?: Duration; readonly min?: number; readonly max?: number } = {},
): Reader<number | undefined> {
  return (name, value) => {
    const written = value === undefined ? range.default : value;
    return written === undefined ? undefined : parseDuration(name, written, range);
  };
}

/**
 * Returns a duration in milliseconds.
 *
 * @param range milliseconds; default: from 1,000 to 100 years
 * @throws {UsageError} invalid_option with a message that names the option and what to write instead
 */
export function parseDuration(
  name: string,
  value: unknown,
  range: { readonly min?: number; readonly max?: number } = {},
): number {
  const milliseconds = toMilliseconds(value);
  if (milliseconds === undefined) {
    const repair = `Write ${suggest(value)}: a number of seconds, or a number with the unit s, m, h or d.`;
    throw optionError({ option: name, expected: 'a duration', value, repair });
  }
  const { min = 1_000, max = MAX_DURATION_MS } = range;
  if (milliseconds >= min && milliseconds <= max) return milliseconds;
  const expected =
    milliseconds < min ? `at least ${showDuration(min)}` : `at most ${showDuration(max)}`;
  throw optionError({ option: name, expected, value });
}

/**
 * Returns the duration of an environment variable, for the options of an engine: text with a unit as it is, digits alone
 * as that number of seconds. `undefined` for a variable that is absent or empty, so that the default applies.
 *
 * @param name for the message, such as `'ACCESS_TTL'`
 * @throws {UsageError} invalid_option
 */
export function readDuration(name: string, text: string | undefined): Duration | undefined {
  const written = text?.trim();
  if (written === undefined || written === '') return undefined;
  const value = /^\d+$/.test(written) ? Number(written) : (written as Duration);
  parseDuration(name, value, { min: 0 });
  return value;
}

function toMilliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1_000) : undefined;
  }
  const match = typeof value === 'string' ? /^(\d{1,12}(?:\.\d{1,3})?)([smhd])$/.exec(value) : null;
  return match ? Math.round(Number(match[1]) * UNIT_MS[match[2] as 's']) : undefined;
}

function suggest(value: unknown): string {
  const match = typeof value === 'string' ? /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(value) : null;
  const unit = UNIT_OF_WORD.find(([word]) => match && word.test(match[2] as string))?.[1];
  if (match && unit) return `'${match[1]}${unit}'`;
  if (typeof value === 'string' && /^\d+$/.test(value))
    return `${value.slice(0, 40)} (without quotes) or '${value.slice(0, 40)}s'`;
  return "for instance '15m'";
}

/** Returns a duration as it is written in options, quotes included. */
export function showDuration(milliseconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find(
    (u) => milliseconds > 0 && milliseconds % UNIT_MS[u] === 0,
  );
  return unit ? `'${milliseconds / UNIT_MS[unit]}${unit}'` : `'${milliseconds / 1_000}s'`;
}

/** Creates the error for a wrong option: `<option>: expected <what>, got <value>.` and the repair. */
export function optionError(problem: {
  readonly option: string;
  readonly expected: string;
  readonly value: unknown;
  readonly repair?: string;
}): UsageError {
  const { option: name, expected, value, repair } = problem;
  const message = `${name}: expected ${expected}, got ${formatShort(value)}.`;
  return new UsageError('invalid_option', repair === undefined ? message : `${message} ${repair}`);
}

/**
 * Returns a value as a message may contain it. Objects are not converted: one may have no text form, or contain
 * secrets.
 */
export function formatValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return value === Object(value) ? 'an object' : String(value).slice(0, 200);
}

/** Returns the same with a string in quotes, on one line and cut to 40 characters. */
export function formatShort(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : formatValue(value);
}

/** Returns a number with thousands separators. */
function format(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** True for an array whose elements are all accepted. `every` passes over holes, `findIndex` stops at the first one. */
export function isArrayOf<Item>(
  value: unknown,
  accepts: (item: unknown) => item is Item,
): value is Item[] {
  return Array.isArray(value) && value.findIndex((item) => !accepts(item)) < 0;
}

/** True for a primitive string. */
export function isString(value: unknown): value is string {
  return typeof value === 'string';
}
