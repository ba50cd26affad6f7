import { invalidOption } from './errors.js';
import { formatValue } from './show.js';

/** A length of time: a number of seconds, or a number and a unit, as in `'30s'`, `'15m'`, `'12h'`, `'7d'`. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`;

const MILLISECONDS_OF = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A hundred years: past it, deadlines would leave what dates can say. */
const LONGEST = 36_500 * MILLISECONDS_OF.d;

/** Words that people write instead of a unit, for the hint in the message. */
const UNIT_OF_WORD: readonly (readonly [RegExp, keyof typeof MILLISECONDS_OF])[] = [
  [/^s(ec(ond)?s?)?$/i, 's'],
  [/^m(in(ute)?s?)?$/i, 'm'],
  [/^h((ou)?rs?)?$/i, 'h'],
  [/^d(ays?)?$/i, 'd'],
];

/**
 * Reads a duration as milliseconds.
 *
 * @throws UsageError `invalid_option`, with a message that names the option and what to write instead.
 */
export function parseDuration(
  option: string,
  value: unknown,
  range: { readonly min?: number; readonly max?: number } = {},
): number {
  const milliseconds = toMilliseconds(value);
  if (milliseconds === undefined) {
    throw invalidOption(
      `${option}: ${showShort(value)} is not a duration. Write ${suggest(value)}: a number of seconds, or a number with the unit s, m, h or d.`,
    );
  }
  const min = range.min ?? 1_000;
  const max = range.max ?? LONGEST;
  if (milliseconds < min || milliseconds > max) {
    const bound =
      milliseconds < min ? `at least ${showDuration(min)}` : `at most ${showDuration(max)}`;
    throw invalidOption(`${option}: ${showShort(value)} is out of range. Write ${bound}.`);
  }
  return milliseconds;
}

function toMilliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1_000) : undefined;
  }
  const match = typeof value === 'string' ? /^(\d{1,12}(?:\.\d{1,3})?)([smhd])$/.exec(value) : null;
  return match ? Math.round(Number(match[1]) * MILLISECONDS_OF[match[2] as 's']) : undefined;
}

function suggest(value: unknown): string {
  const match = typeof value === 'string' ? /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(value) : null;
  const unit = UNIT_OF_WORD.find(([word]) => match && word.test(match[2] as string))?.[1];
  if (match && unit) return `'${match[1]}${unit}'`;
  if (typeof value === 'string' && /^\d+$/.test(value))
    return `${value} (without quotes) or '${value}s'`;
  return "for instance '15m'";
}

function showShort(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : formatValue(value);
}

/** A duration as one would write it, quotes included. */
export function showDuration(milliseconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find(
    (u) => milliseconds > 0 && milliseconds % MILLISECONDS_OF[u] === 0,
  );
  return unit ? `'${milliseconds / MILLISECONDS_OF[unit]}${unit}'` : `'${milliseconds / 1_000}s'`;
}
