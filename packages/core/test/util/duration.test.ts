import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, readDuration } from '../../src/util/options.js';
import { refusalOf } from '../refusal.js';

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unit = fc.constantFrom<keyof typeof UNITS>('s', 'm', 'h', 'd');

const refusal = (value: unknown, range?: { min?: number; max?: number }) =>
  refusalOf(() => parseDuration('accessTtl', value, range));

/** What a message says to write, read as a program would contain it. */
function adviceIn(message: string): string | undefined {
  return /(?:Write|at least|at most) '([^']*)'/.exec(message)?.[1];
}

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    [900, 900_000],
    [1.5, 1_500],
  ])('reads %j as %i milliseconds', (value, milliseconds) => {
    expect(parseDuration('accessTtl', value)).toBe(milliseconds);
  });

  it('parseDuration reads any number as seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000_000_000 }), (seconds) => {
        expect(parseDuration('accessTtl', seconds)).toBe(seconds * 1_000);
      }),
    );
  });

  it('parseDuration reads decimals to the millisecond, without binary rounding errors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 100_000 }), (milliseconds) => {
        expect(parseDuration('accessTtl', milliseconds / 1_000)).toBe(milliseconds);
      }),
    );
    expect(parseDuration('accessTtl', 1.001)).toBe(1_001);
  });

  it('reads a whole number and a unit as their product', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30_000 }), unit, (count, name) => {
        expect(parseDuration('accessTtl', `${count}${name}`)).toBe(count * UNITS[name]);
      }),
    );
  });

  it('reads decimals to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 999_999 }), unit, (thousandths, name) => {
        const text = `${(thousandths / 1_000).toFixed(3)}${name}`;
        expect(parseDuration('accessTtl', text)).toBe(
          Math.round(thousandths * (UNITS[name] / 1_000)),
        );
      }),
    );
  });

  it('reads no other text: neither signs, spaces, capitals, sums nor trailing lines', () => {
    for (const text of [
      '',
      's',
      '15',
      '-15m',
      '+15m',
      '15 m',
      ' 15m',
      '15m ',
      '15m\n',
      '15M',
      '15m30s',
      '1e3s',
      '0x10s',
      '1,5h',
      '.5h',
      '1.h',
      '15ms',
      '2w',
      '１５m',
      'Infinitys',
      'NaN',
    ]) {
      expect(refusal(text), JSON.stringify(text)).toMatchObject({ code: 'invalid_option' });
    }
  });

  it('parseDuration reads no text except digits with one unit', () => {
    const nearMiss = fc.oneof(
      fc.string(),
      fc.string({
        unit: fc.constantFrom('1', '5', '.', 's', 'm', 'h', 'd', ' ', '-', 'e', '\n'),
        maxLength: 6,
      }),
    );
    fc.assert(
      fc.property(nearMiss, (text) => {
        const expected = /^[0-9]+(\.[0-9]{1,3})?[smhd]$/.test(text);
        const run = () => parseDuration('accessTtl', text, { min: 0 });
        if (expected) expect(run()).toBeGreaterThanOrEqual(0);
        else expect(refusalOf(run).message).toContain('expected a duration');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    NaN,
    Infinity,
    -Infinity,
    -1,
    null,
    undefined,
    true,
    15n,
    ['15m'],
    { m: 15 },
    () => '15m',
    Symbol('15m'),
  ])('refuses what is neither text nor a finite number of seconds: %s', (value) => {
    expect(refusal(value)).toMatchObject({ code: 'invalid_option' });
  });

  it('refuses even an object that has no text form with its own error', () => {
    expect(refusal(Object.create(null)).message).toContain('expected a duration');
  });

  it.each([
    ['15 minutes', "'15m'"],
    ['15 min', "'15m'"],
    ['15mins', "'15m'"],
    ['15M', "'15m'"],
    ['1 hour', "'1h'"],
    ['12hrs', "'12h'"],
    ['30 seconds', "'30s'"],
    ['7 Days', "'7d'"],
    [' 7d ', "'7d'"],
    ['900', "900 (without quotes) or '900s'"],
    ['1 month', "for instance '15m'"],
    ['500ms', "for instance '15m'"],
    ['soon', "for instance '15m'"],
    [undefined, "for instance '15m'"],
  ])('meets %j with the advice to write %s', (value, advice) => {
    expect(refusal(value).message).toContain(
      `Write ${advice}: a number of seconds, or a number with the unit`,
    );
  });

  it('names the option and quotes the value, a long one cut short', () => {
    expect(refusal('soon').message).toMatch(/^accessTtl: expected a duration, got "soon"\./);
    expect(refusal('x'.repeat(10_000)).message.length).toBeLessThan(300);
  });

  it('parseDuration accepts the text that its own error message proposes', () => {
    const word = fc.constantFrom(
      's',
      'sec',
      'seconds',
      'm',
      'minutes',
      'h',
      'hours',
      'd',
      'day',
      'days',
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30_000 }),
        fc.constantFrom(' ', '  '),
        word,
        (count, gap, name) => {
          const advice = adviceIn(refusal(`${count}${gap}${name}`).message);
          expect(parseDuration('accessTtl', advice)).toBe(count * UNITS[name[0] as 's']);
        },
      ),
    );
  });

  it('parseDuration accepts both ends of its range, and names the nearer end for other values', () => {
    const range = { min: 2_000, max: 3_600_000 };
    expect(parseDuration('grace', '2s', range)).toBe(2_000);
    expect(parseDuration('grace', '1h', range)).toBe(3_600_000);
    expect(refusal('1.999s', range).message).toContain('expected at least \'2s\', got "1.999s".');
    expect(refusal(3_600.001, range).message).toContain("expected at most '1h', got 3600.001.");
  });

  it('parseDuration requires at least one second by default', () => {
    expect(refusal('0s').message).toContain("expected at least '1s'");
    expect(refusal(0.999).message).toContain("expected at least '1s'");
    expect(parseDuration('grace', '0s', { min: 0 })).toBe(0);
    expect(parseDuration('grace', 0, { min: 0 })).toBe(0);
  });

  it('parseDuration accepts the upper end that its message names, also without a configured one', () => {
    const { message } = refusal('999999999999d');
    expect(message).toContain('expected at most');
    expect(parseDuration('absoluteTtl', adviceIn(message))).toBeGreaterThan(0);
  });
});

describe('readDuration', () => {
  it.each([
    ['15m', '15m'],
    [' 90 ', 90],
    ['0', 0],
    [undefined, undefined],
    ['', undefined],
    ['  ', undefined],
  ])('reads the environment variable %j as %j', (text, expected) => {
    expect(readDuration('ACCESS_TTL', text)).toBe(expected);
  });

  it.each(['soon', '15 minutes', '-1', '1e3', '15m;'])(
    'refuses %j with the name of the variable',
    (text) => {
      expect(() => readDuration('ACCESS_TTL', text)).toThrow(/^ACCESS_TTL: expected a duration/);
    },
  );
});
