import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BearerCredentials, parseBearer, readBearer } from '../../src/http/bearer.js';

const TCHAR = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const B64TOKEN = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/';

/** The grammar read one character at a time: RFC 9110 11.4 for the scheme, RFC 6750 2.1 for the rest. */
function reference(line: string): BearerCredentials {
  const field = line.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
  let end = 0;
  while (end < field.length && TCHAR.includes(field[end] as string)) end += 1;
  if (field.slice(0, end).toLowerCase() !== 'bearer') return { kind: 'none' };
  let start = end;
  while (field[start] === ' ') start += 1;
  let at = start;
  while (at < field.length && B64TOKEN.includes(field[at] as string)) at += 1;
  const hasToken = at > start;
  while (field[at] === '=') at += 1;
  if (start === end || !hasToken || at < field.length) return { kind: 'invalid' };
  return { kind: 'token', token: field.slice(start) };
}

describe('readBearer', () => {
  it.each([
    ['no line at all', []],
    ['an empty line', ['']],
    ['another scheme', ['Basic dXNlcjpwYXNz']],
    ['a scheme that merely begins so', ['Bearerish abc']],
    ['a scheme that merely ends so', ['X-Bearer abc']],
    ['a token without its scheme', ['sat_abc']],
  ])('readBearer finds no credentials in %s [bearer.none]', (_, lines) => {
    expect(readBearer(lines)).toEqual({ kind: 'none' });
  });

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['bEaReR abc', 'abc'],
    ['Bearer    abc', 'abc'],
    ['Bearer abc==', 'abc=='],
    ['Bearer a.b-c_d~e+f/g', 'a.b-c_d~e+f/g'],
    ['Bearer bearer', 'bearer'],
    ['  Bearer abc  ', 'abc'],
  ])('readBearer reads the token of %j [bearer.scheme]', (line, token) => {
    expect(readBearer([line])).toEqual({ kind: 'token', token });
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer "abc"',
    'Bearer abc=d',
    'Bearer =',
    'Bearer ===',
    'Bearer a{b}',
    'Bearer ä',
    'Bearer a\u0000b',
    'Bearer a\r\nX-Injected: 1',
    'Bearer token=abc',
    'Bearer a;b',
    'Bearer a%20b',
    'Bearer a\tb',
  ])('readBearer reports %j as invalid [bearer.malformed]', (line) => {
    expect(readBearer([line])).toEqual({ kind: 'invalid' });
  });

  it.each([
    ['two tokens', ['Bearer a', 'Bearer b']],
    ['the same twice', ['Bearer a', 'Bearer a']],
    ['two schemes', ['Basic dXNlcjpwYXNz', 'Bearer a']],
    ['a token and an empty line', ['Bearer a', '']],
  ])('readBearer reports two lines as invalid: %s [bearer.twice]', (_, lines) => {
    expect(readBearer(lines)).toEqual({ kind: 'invalid' });
  });

  it.each(['Bearer\tabc', 'Bearer,abc', 'Bearer"abc"', 'Bearer=abc='])(
    'readBearer reports %j as invalid, because its scheme is Bearer without a space after it [bearer.malformed]',
    (line) => {
      expect(reference(line)).toEqual({ kind: 'invalid' });
      expect(readBearer([line])).toEqual({ kind: 'invalid' });
    },
  );

  it.each([
    ['a no-break space', '\u00a0'],
    ['a vertical tab', '\u000b'],
    ['a form feed', '\u000c'],
    ['a line feed', '\n'],
    ['a byte order mark', '\ufeff'],
    ['an em space', '\u2003'],
  ])(
    'readBearer treats %s beside a token as a bad character, not as white space [bearer.malformed]',
    (_, space) => {
      expect(readBearer([`Bearer abc${space}`])).toEqual({ kind: 'invalid' });
      expect(readBearer([`${space}Bearer abc`])).toEqual({ kind: 'none' });
    },
  );

  it('readBearer agrees with a reading one character at a time, for any line', () => {
    const scheme = fc.constantFrom('Bearer', 'bearer', 'BEARER', 'Bearer2', 'Basic', 'Bear', '');
    const gap = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(' ', '  ', '   ') },
      { weight: 1, arbitrary: fc.constantFrom('', '\t', ' \t', '\u00a0', ',', '=') },
    );
    const token = fc.oneof(
      fc.string({ unit: fc.constantFrom(...B64TOKEN) }),
      fc.string({ unit: fc.constantFrom(...'aZ0=/+ ,"\\{é;\u0000') }),
    );
    const padding = fc.constantFrom('', '=', '==', '=a');
    const around = fc.constantFrom('', '', ' ', '\t', '\u00a0');
    const line = fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .tuple(around, scheme, gap, token, padding, around)
          .map((parts) => parts.join('')),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    );
    const seen = { none: 0, invalid: 0, token: 0, bound: 0 };
    fc.assert(
      fc.property(line, (text) => {
        const expected = reference(text);
        seen[expected.kind] += 1;
        expect(readBearer([text])).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.none, seen.invalid, seen.token)).toBeGreaterThan(100);
  });

  it('readBearer refuses a line over the maximum length without matching it [tokens.length]', () => {
    expect(readBearer([`Bearer ${'a'.repeat(8_185)}`])).toMatchObject({ kind: 'token' });
    expect(readBearer([`Bearer ${'a'.repeat(8_186)}`])).toEqual({ kind: 'invalid' });
    expect(readBearer([`Bearer ${'a'.repeat(10_000_000)}`])).toEqual({ kind: 'invalid' });
    expect(readBearer([`Bearer ${'='.repeat(10_000_000)}`])).toEqual({ kind: 'invalid' });
    expect(readBearer([`Bearer${' '.repeat(8_000)}!`])).toEqual({ kind: 'invalid' });
  });

  it('readBearer looks for the scheme within the maximum length only', () => {
    expect(readBearer([`${' '.repeat(8_185)}Bearer a`])).toEqual({ kind: 'invalid' });
    expect(readBearer([`${' '.repeat(8_192)}Bearer a`])).toEqual({ kind: 'none' });
    expect(readBearer([`${' '.repeat(8_192)}DPoP a`])).toEqual({ kind: 'none' });
  });

  it.each([
    ['DPoP abc', 'abc'],
    ['dpop  a.b-c==', 'a.b-c=='],
    [' DPOP abc\t', 'abc'],
    ['DPoP', undefined],
    ['DPoP a b', undefined],
    ['DPoP,abc', undefined],
    [`DPoP ${'a'.repeat(8_187)}`, 'a'.repeat(8_187)],
    [`DPoP ${'a'.repeat(8_188)}`, undefined],
  ])(
    'readBearer reads the bound token of %j, which no bearer token and no cookie replaces',
    (line, token) => {
      expect(readBearer([line])).toEqual({ kind: 'bound', token });
      expect(parseBearer(line)).toBeUndefined();
    },
  );

  it('readBearer finds no credentials of a scheme that merely begins with DPoP [bearer.none]', () => {
    expect(readBearer(['DPoPs abc'])).toEqual({ kind: 'none' });
  });

  it('readBearer ignores a long line of another scheme [bearer.none]', () => {
    expect(readBearer([`Negotiate ${'a'.repeat(12_000)}`])).toEqual({ kind: 'none' });
  });

  it('readBearer takes time in proportion to the line, with white space at any place', () => {
    const line = `Bearer a${' \t'.repeat(4_000)}b`;
    // Of the processor, because a busy machine gives this process a part of the time only.
    const before = process.cpuUsage();
    for (let run = 0; run < 20; run += 1) expect(readBearer([line])).toEqual({ kind: 'invalid' });
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(200);
  });
});

describe('parseBearer', () => {
  it('parseBearer returns the token of a header, with the scheme in any case', () => {
    expect(parseBearer('bearer abc')).toBe('abc');
    expect(parseBearer('Bearer  a.b.c')).toBe('a.b.c');
  });

  it.each([undefined, null, '', 'Basic abc', 'Bearer', 'Bearer a b', 'abc'])(
    'parseBearer returns undefined for %j',
    (header) => {
      expect(parseBearer(header)).toBeUndefined();
    },
  );

  it('parseBearer returns undefined for a value that is not a string, such as a header that was sent twice', () => {
    expect(parseBearer(['Bearer abc'] as never)).toBeUndefined();
    expect(parseBearer({ toString: () => 'Bearer abc' } as never)).toBeUndefined();
  });
});
