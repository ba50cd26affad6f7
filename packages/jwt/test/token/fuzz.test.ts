import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/fuzzing.js';
import {
  ALL_ALGORITHMS,
  arrangeReader,
  goodClaims,
  goodHeader,
  type TestKey,
  testKey,
  tokenOf,
  tokenOfParts,
} from '../arrange.js';
import { encodePart, twinOf } from '../forge.js';

const RUNS = runs(200);

/** Something that is done to a text. */
type Change = (text: string) => string;

const anyCharacter = fc.oneof(
  fc.constantFrom(...'ABCDwxyz0189-_.=+/ \n\t\0%~"'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

/** Changes of the spelling: of one character, of the order, of the length. */
const spelling: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(), anyCharacter).map(
    ([place, character]): Change =>
      (text) => {
        const at = place % text.length;
        return text.slice(0, at) + character + text.slice(at + 1);
      },
  ),
  fc.tuple(fc.nat(), anyCharacter).map(
    ([place, character]): Change =>
      (text) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + character + text.slice(at);
      },
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 9 })).map(
    ([place, count]): Change =>
      (text) => {
        const at = place % text.length;
        return text.slice(0, at) + text.slice(at + count);
      },
  ),
  fc.constantFrom<Change>(
    (text) => text.toLowerCase(),
    (text) => text.split('.').reverse().join('.'),
    (text) => `${text}.${text}`,
    (text) => text.split('.').slice(0, 2).join('.'),
  ),
);

/** Flips bits of the bytes of one part, so that the spelling stays right. */
const bits: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(2), fc.nat(), fc.integer({ min: 1, max: 255 }))
  .map(
    ([part, place, mask]): Change =>
      (text) => {
        const parts = text.split('.');
        const bytes = Buffer.from(parts[part] ?? '', 'base64url');
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        parts[part] = bytes.toString('base64url');
        return parts.join('.');
      },
  );

/** Other members under the signature of before. */
const members = (by: TestKey): fc.Arbitrary<Change> =>
  fc
    .tuple(
      fc.boolean(),
      fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jwk', 'sub', 'exp', 'aud', 'sid', 'jti', 'x'),
      fc.oneof(fc.constantFrom('none', 'HS256', 'admin', 9_999_999_999), fc.jsonValue()),
    )
    .map(
      ([inHeader, name, value]): Change =>
        (text) => {
          const [header, payload, signature] = text.split('.');
          return inHeader
            ? `${encodePart(goodHeader(by, { [name]: value }))}.${payload}.${signature}`
            : `${header}.${encodePart(goodClaims({ [name]: value }))}.${signature}`;
        },
    );

describe('a token that was changed', () => {
  it.each(ALL_ALGORITHMS)(
    'a changed token is refused, and reading never throws: %s',
    async (alg) => {
      const by = await testKey(alg);
      const { read } = arrangeReader(by.key);
      const token = tokenOf(by);
      await read(token);
      const change = fc.array(fc.oneof(spelling, bits, members(by)), {
        minLength: 1,
        maxLength: 3,
      });
      await fc.assert(
        fc.asyncProperty(change, async (changes) => {
          const other = changes.reduce((text, one) => (text === '' ? text : one(text)), token);
          // (r, n - s) is as good a signature as (r, s): the same token, and the only exception.
          if (other === token || (alg === 'ES256' && other === twinOf(token))) return;
          expect((await read(other)).ok).toBe(false);
        }),
        RUNS,
      );
      expect((await read(token)).ok).toBe(true);
    },
  );
});

describe('a token of any content with a good signature', () => {
  it('is accepted or refused, and nothing throws', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const claimNames = ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp', 'nbf', 'ses', 'gen', 'x'];
    const part = fc.oneof(
      fc.dictionary(fc.constantFrom(...claimNames, '__proto__', 'toString'), fc.jsonValue()),
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(part, part, async (header, payload) => {
        const whole = { ...goodClaims(), ...(typeof payload === 'string' ? {} : payload) };
        const readings = await Promise.all([
          read(tokenOfParts(by, { header, payload })),
          read(tokenOfParts(by, { header })),
          read(tokenOfParts(by, { payload })),
          read(tokenOfParts(by, { payload: whole })),
        ]);
        expect(readings.slice(0, 2).every(({ ok }) => !ok)).toBe(true);
      }),
      RUNS,
    );
  });

  it('is refused when it is no token at all', async () => {
    const { read } = arrangeReader((await testKey('ES256')).key);
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.string({ unit: 'binary' }), async (thing, text) => {
        expect((await read(thing)).ok).toBe(false);
        expect((await read(text)).ok).toBe(false);
      }),
      RUNS,
    );
  });
});
