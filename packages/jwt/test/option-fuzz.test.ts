import { UsageError } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, near, PATIENCE, runs, scaled } from '../../../test/fuzzing.js';
import {
  createKeySet,
  createStatelessSessions,
  generateKey,
  importJwk,
  importPem,
  jwt,
  memoryDenylist,
  secretKey,
  verifyOnly,
} from '../src/index.js';
import { NAMES, SECRET } from './engines.js';

const isDuration = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'string';
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isNames = (value: unknown): boolean =>
  Array.isArray(value) && Array.from(value).every(isName);

/** What a value must be at least, to be taken for the option. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  issuer: isName,
  audience: (value) => isName(value) || isNames(value),
  requiredClaims: isNames,
  leeway: isDuration,
  ttl: isDuration,
  absoluteTtl: isDuration,
  grace: isDuration,
  jwksMaxAge: isDuration,
  revocation: (value) => ['none', 'store', 'denylist'].includes(value as string),
  onDenylistError: (value) => value === 'fail' || value === 'accept',
  denylist: (value) =>
    typeof (value as { currentVersion?: unknown } | null)?.currentVersion === 'function',
  claims: (value) => typeof value === 'function',
  keys: (value) => typeof value === 'string' && value.length >= 32,
  subjectPepper: (value) => typeof value === 'string' && value.length >= 16,
  clock: (value) => typeof (value as { now?: unknown } | null)?.now === 'function',
  logger: (value) => typeof (value as { info?: unknown } | null)?.info === 'function',
  random: (value) => typeof value === 'function',
  data: (value) => typeof value === 'object',
  jwksUri: (value) => URL.canParse(`${value as string}`),
  jwks: (value) => typeof value === 'object',
};

const PUBLIC = await generateKey().then((key) => ({ keys: [key.publicJwk] }));

/** What makes something of options, those that it knows, and what all of them need. */
const MAKERS: Readonly<
  Record<string, { make: (options: never) => unknown; base: object; names: readonly string[] }>
> = {
  jwt: {
    make: jwt,
    base: { keys: SECRET, ...NAMES, revocation: 'denylist' },
    names: ['keys', 'issuer', 'audience', 'leeway', 'requiredClaims', 'ttl'].concat([
      'revocation',
      'denylist',
      'onDenylistError',
      'claims',
    ]),
  },
  createStatelessSessions: {
    make: createStatelessSessions,
    base: { keys: SECRET, ...NAMES },
    names: ['keys', 'issuer', 'audience', 'leeway', 'requiredClaims', 'ttl'].concat(
      ['absoluteTtl', 'grace', 'denylist', 'onDenylistError', 'data', 'logger', 'clock', 'random'],
      ['subjectPepper'],
    ),
  },
  verifyOnly: {
    make: verifyOnly,
    base: { jwks: PUBLIC, ...NAMES },
    names: ['issuer', 'audience', 'leeway', 'requiredClaims', 'jwks'].concat(
      ['jwksMaxAge', 'denylist', 'onDenylistError', 'ttl'],
      ['subjectPepper', 'logger', 'clock', 'jwksUri'],
    ),
  },
};

const nearValue = fc.oneof(
  near('none', 'denylist', 'store', 'fail', SECRET, 'api', 60, '15m'),
  near({ keys: [] }, memoryDenylist(), silentLogger),
  // biome-ignore lint/suspicious/noSparseArray: a list with a hole is what is tried.
  fc.constantFrom<unknown>([, 'api'], new Array(2), [['api']], { rotate: 1, keys: [] }, [null]),
  fc.constantFrom<unknown>(
    () => [],
    () => null,
    [secretKey(SECRET), null],
    'short',
  ),
  fc.constantFrom<unknown>({ keys: null }, { keys: [null] }, { keys: [{ kty: 'RSA', n: 1 }] }),
  anyValue.map((key) => ({ keys: [key] })),
);

/** Refused as a caller's mistake in one of the given words, or taken. */
function outcomeOf(words: readonly string[], make: () => unknown): 'refused' | 'taken' {
  try {
    make();
    return 'taken';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'invalid_option' });
    expect(words.filter((word) => (error as Error).message.includes(word))).not.toEqual([]);
    return 'refused';
  }
}

describe.each(Object.entries(MAKERS))('%s', (_name, { make, base, names }) => {
  it(
    'any invalid option is refused, and the error names it',
    () => {
      const seen = { refused: 0, taken: 0 };
      fc.assert(
        fc.property(fc.constantFrom(...names), fc.oneof(anyValue, nearValue), (name, value) => {
          if (value === undefined) return;
          // A function that answers keys or bytes may throw what it likes, and a class that is called does.
          if (typeof value === 'function' && /^class/.test(String(value))) return;
          const options = { ...base, [name]: value } as never;
          // Two that do not go together are told by either's name; a string of keys is a secret by another.
          const words = { keys: ['keys', 'secret'], jwksUri: ['jwksUri'] }[name] ?? [name];
          const outcome = outcomeOf(words, () => make(options));
          seen[outcome] += 1;
          if (outcome === 'taken') expect(KINDS[name]?.(value)).toBe(true);
        }),
        runs(2_000, 600),
      );
      expect(Math.min(seen.refused, seen.taken)).toBeGreaterThanOrEqual(scaled(3));
    },
    PATIENCE,
  );

  it('refuses what is no object of options', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
        expect(outcomeOf([_name], () => make(value as never))).toBe('refused');
      }),
      runs(200),
    );
  });
});

describe('what was taken once, and is not', () => {
  const options = { keys: SECRET, ...NAMES, revocation: 'denylist' };

  it.each<[string, unknown]>([
    // Found in the table by its text, and by no comparison: tokens that nothing could end.
    ['revocation', ['denylist']],
    ['keys', () => undefined],
    ['leeway', null],
    ['claims', null],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is refused.
    ['audience', [, 'api']],
    ['requiredClaims', new Array(1)],
    ['keys', new Array(1)],
  ])('%s: %o', (name, value) => {
    expect(outcomeOf([name], () => jwt({ ...options, [name]: value } as never))).toBe('refused');
  });
});

describe('keys', () => {
  const wrongJwk = fc.oneof(
    anyValue,
    fc
      .tuple(fc.constantFrom('kty', 'crv', 'alg', 'kid', 'use', 'key_ops', 'x', 'y', 'd'), anyValue)
      .map(([member, value]) => ({ ...PUBLIC.keys[0], [member]: value })),
    fc.record({ kty: fc.constant('oct'), k: anyValue, alg: anyValue, kid: anyValue }),
    fc.record({ kty: fc.constant('RSA'), n: anyValue, e: anyValue, alg: fc.constant('RS256') }),
  );
  const wrongKeyOptions = fc.oneof(
    anyValue,
    fc.record({ alg: fc.oneof(anyValue, near('HS256', 'ES256')), kid: anyValue }),
  );

  it(
    'are made of what is one, or refused as a caller’s mistake',
    async () => {
      const makers: readonly ((first: never, second: never) => unknown)[] = [
        secretKey,
        importJwk,
        importPem,
        generateKey,
        createKeySet,
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...makers),
          fc.oneof(
            wrongJwk,
            near(SECRET),
            fc.constantFrom<unknown>(SECRET, PUBLIC.keys[0], 'ES256'),
          ),
          fc.oneof(fc.constant(undefined), wrongKeyOptions),
          async (maker, first, second) => {
            try {
              const made = await maker(first as never, second as never);
              expect(made).toHaveProperty(maker === (createKeySet as never) ? 'keys' : 'kid');
            } catch (error) {
              expect(error).toBeInstanceOf(UsageError);
              expect(error).toMatchObject({ code: 'invalid_option' });
            }
          },
        ),
        runs(1_500),
      );
    },
    PATIENCE,
  );
});
