import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessCredential,
  formatAccessToken,
  formatRefreshToken,
  parseAccessToken,
  parseRefreshToken,
  type RefreshCredential,
  secretWithin,
  sidWithin,
} from '../../src/token/format.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const base64url = (size: number) =>
  fc
    .uint8Array({ minLength: size, maxLength: size })
    .map((bytes) => Buffer.from(bytes).toString('base64url'));

const accessCredential: fc.Arbitrary<AccessCredential> = fc.record({
  sid: base64url(24),
  secret: base64url(32),
});
const refreshCredential: fc.Arbitrary<RefreshCredential> = fc.record({
  sid: base64url(24),
  family: base64url(12),
  generation: fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0, 1, 0xffff_ffff),
  ),
  secret: base64url(32),
});

interface Form {
  readonly name: string;
  readonly token: fc.Arbitrary<string>;
  readonly parse: (token: unknown) => unknown;
  readonly length: number;
  /** Where base64url leaves spare bits in a last character: its index, and how many they are. */
  readonly spare: readonly (readonly [index: number, bits: number])[];
}

const FORMS: readonly Form[] = [
  {
    name: 'an access token',
    token: accessCredential.map(formatAccessToken),
    parse: parseAccessToken,
    length: 80,
    spare: [[79, 2]],
  },
  {
    name: 'a refresh token',
    token: refreshCredential.map(formatRefreshToken),
    parse: parseRefreshToken,
    length: 103,
    spare: [
      [58, 4],
      [102, 2],
    ],
  },
];

describe('formatAccessToken', () => {
  it('writes sat_<sid>.<secret>', () => {
    const token = formatAccessToken({ sid: 'S'.repeat(32), secret: `${'x'.repeat(42)}A` });
    expect(token).toBe(`sat_${'S'.repeat(32)}.${'x'.repeat(42)}A`);
  });

  it('is read back whole', () => {
    fc.assert(
      fc.property(accessCredential, (credential) => {
        expect(parseAccessToken(formatAccessToken(credential))).toEqual(credential);
      }),
    );
  });
});

describe('formatRefreshToken', () => {
  it.each([
    [0, 'AAAAAA'],
    [1, 'AAAAAQ'],
    [0x01020304, 'AQIDBA'],
    [0xffff_ffff, '_____w'],
  ])(
    'writes srt_<sid>.<family>.<secret> with generation %i as a big-endian uint32',
    (generation, counter) => {
      const credential = {
        sid: 'S'.repeat(32),
        family: 'F'.repeat(16),
        generation,
        secret: `${'x'.repeat(42)}A`,
      };
      expect(formatRefreshToken(credential)).toBe(
        `srt_${'S'.repeat(32)}.${'F'.repeat(16)}${counter}.${'x'.repeat(42)}A`,
      );
    },
  );

  it('is read back whole', () => {
    fc.assert(
      fc.property(refreshCredential, (credential) => {
        expect(parseRefreshToken(formatRefreshToken(credential))).toEqual(credential);
      }),
    );
  });
});

describe.each(FORMS)('$name has one spelling only', ({ token, parse, length, spare }) => {
  /** Holds every spelling that `vary` makes of a token against the parser. */
  function refuses(vary: (text: string) => readonly string[], numRuns = 50): void {
    fc.assert(
      fc.property(token, (text) => {
        expect(parse(text)).toBeDefined();
        for (const spelling of vary(text)) {
          if (spelling !== text) expect(parse(spelling), JSON.stringify(spelling)).toBeUndefined();
        }
      }),
      { numRuns },
    );
  }

  it(`of ${length} characters`, () => {
    fc.assert(
      fc.property(token, (text) => {
        expect(text).toHaveLength(length);
      }),
    );
  });

  it('with spare bits zero [tokens.form, jwt.spelling]', () => {
    refuses((text) =>
      spare.flatMap(([index, bits]) =>
        Array.from({ length: 2 ** bits - 1 }, (_, flip) => {
          const spelling = ALPHABET[ALPHABET.indexOf(text[index] as string) ^ (flip + 1)];
          const other = `${text.slice(0, index)}${spelling}${text.slice(index + 1)}`;
          // It reads as the same bytes, which is what makes it dangerous.
          expect(Buffer.from(other, 'base64url').length).toBe(
            Buffer.from(text, 'base64url').length,
          );
          return other;
        }),
      ),
    );
  });

  it('without padding', () => {
    refuses((text) => ['=', '==', '%3D'].map((padding) => `${text}${padding}`));
    refuses((text) => [
      `${text.slice(0, -1)}=`,
      `${text.slice(0, -2)}==`,
      text.replaceAll('.', '=.'),
    ]);
  });

  it('without white space or control characters, before, within and after', () => {
    const places = [0, 4, 36, 37, length - 1, length];
    const inserted = [' ', '\t', '\n', '\r\n', '\u0000', '\u00a0', '\u200b', '\ufeff'];
    refuses((text) =>
      places.flatMap((place) =>
        inserted.flatMap((space) => [
          `${text.slice(0, place)}${space}${text.slice(place)}`,
          `${text.slice(0, place)}${space}${text.slice(place + space.length)}`,
        ]),
      ),
    );
  });

  it('with its prefix and dots as they are', () => {
    refuses((text) => [
      text.replace('s', 'S'),
      text.toUpperCase(),
      text.replace('_', '-'),
      text.slice(4),
      text.replace(/^s[ar]t/, (prefix) => (prefix === 'sat' ? 'srt' : 'sat')),
      text.replace('.', ':'),
      text.replace('.', '%2E'),
      text.replace('.', 'A'),
      text.replace('.', '..'),
    ]);
  });

  it('in base64url, not in base64', () => {
    refuses((text) =>
      ['+', '/', '=', '%', '.', ',', 'é', '｡'].flatMap((character) =>
        [4, 20, 35, 40, length - 2].map(
          (place) => `${text.slice(0, place)}${character}${text.slice(place + 1)}`,
        ),
      ),
    );
  });

  it('of no other length [tokens.length, tokens.form]', () => {
    refuses(
      (text) => [
        ...Array.from({ length }, (_, end) => text.slice(0, end)),
        ...Array.from({ length: 40 }, (_, more) => `${text}${'A'.repeat(more + 1)}`),
        `${text}${'A'.repeat(100_000)}`,
        `${text}${text}`,
      ],
      10,
    );
  });

  it('and what parses at all is what would be written [tokens.form]', () => {
    const write = (credential: unknown) =>
      parse === parseAccessToken
        ? formatAccessToken(credential as AccessCredential)
        : formatRefreshToken(credential as RefreshCredential);
    const change = fc.tuple(
      fc.nat({ max: length - 1 }),
      fc.constantFrom(...ALPHABET, '.', '=', '+', ' '),
    );
    let parsed = 0;
    fc.assert(
      fc.property(token, fc.array(change, { maxLength: 3 }), (text, changes) => {
        const other = changes.reduce(
          (current, [at, character]) =>
            `${current.slice(0, at)}${character}${current.slice(at + 1)}`,
          text,
        );
        const credential = parse(other);
        if (credential === undefined) return;
        parsed += 1;
        expect(write(credential)).toBe(other);
      }),
      { numRuns: 1_000 },
    );
    expect(parsed).toBeGreaterThan(100);
  });

  it('and is text: nothing that merely turns into it', () => {
    fc.assert(
      fc.property(token, (text) => {
        for (const value of [
          [text],
          new String(text),
          { toString: () => text, length: text.length },
          Buffer.from(text),
        ]) {
          expect(parse(value)).toBeUndefined();
        }
      }),
      { numRuns: 10 },
    );
    for (const value of [undefined, null, 0, 1n, true, Symbol('token'), {}, []])
      expect(parse(value)).toBeUndefined();
  });
});

describe('sidWithin', () => {
  const sid = 'S'.repeat(32);
  const secret = `${'x'.repeat(42)}A`;

  it('sidWithin returns the sid of a text in the frame of an access token, and secretWithin the secret', () => {
    const token = formatAccessToken({ sid, secret });
    expect([sidWithin(token), secretWithin(token)]).toEqual([sid, secret]);
  });

  it.each([
    undefined,
    7,
    '',
    `sat_${sid}.${secret}x`,
    `sat_${sid}.${secret.slice(1)}`,
    `sat_${sid}-${secret}`,
    `srt_${sid}.${secret}`,
    [`sat_${sid}.${secret}`],
  ])('sidWithin returns undefined for %j', (token) => {
    expect(sidWithin(token)).toBeUndefined();
  });
});
