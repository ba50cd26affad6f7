import { UsageError } from '@sess/core';
import { type RedisClient, redisDenylist, redisStore } from '@sess/redis';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, near, runs, scaled } from '../../../test/fuzzing.js';

/** Never sent to. */
const CLIENT: RedisClient = { isCluster: false, send: async () => null };

const MAKERS = { redisStore, redisDenylist } as const;

/** What a value must be at least, to be taken for the option. Absent is what says nothing, and null is said. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyPrefix: (value) => typeof value === 'string' && value !== '' && !/[{}\s]/.test(value),
  timeout: (value) => typeof value === 'number' || typeof value === 'string',
  // This client can neither be copied nor listened to, so that all but "off" is refused.
  durability: (value) => value === undefined,
  nearCache: (value) => value === false,
};

/** A value that an option takes: without it, whole runs would take none. */
const TAKEN: Readonly<Record<string, unknown>> = {
  keyPrefix: 'app:',
  timeout: '1s',
  nearCache: false,
};

const nearValue = fc.oneof(
  near('sess:', 'app:', 1, '1s', true, false),
  fc.double(),
  fc.record({ replicas: anyValue, timeout: anyValue }),
  fc.record({ maxEntries: anyValue, maxAge: anyValue }),
  fc.record({ replicas: fc.constant(1), timeout: near('50ms', 0.1) }),
);

describe.each(Object.entries(MAKERS))('%s', (owner, make) => {
  it('any invalid option is refused, and the error names it', () => {
    const seen = { refused: 0, taken: 0 };
    const value = fc.option(fc.oneof(anyValue, nearValue), { nil: undefined, freq: 9 });
    const option = fc
      .tuple(fc.constantFrom(...Object.keys(KINDS)), value)
      .map(([name, chosen]) => [name, chosen === undefined ? TAKEN[name] : chosen] as const);
    fc.assert(
      fc.property(option, ([name, value]) => {
        if (value === undefined) return;
        try {
          make(CLIENT, { [name]: value } as object);
          seen.taken += 1;
          expect(KINDS[name]?.(value)).toBe(true);
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          seen.refused += 1;
          expect(error).toBeInstanceOf(UsageError);
          expect(error).toMatchObject({ code: 'invalid_option' });
          expect(error.message).toContain(name);
        }
      }),
      runs(2_000, 600),
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThanOrEqual(scaled(3));
  });

  it('refuses what is no client, and what is no object of options', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(() => make(value as RedisClient)).toThrow(
          expect.objectContaining({ name: 'UsageError', code: 'invalid_argument' }),
        );
        if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return;
        expect(() => make(CLIENT, value as object)).toThrow(
          expect.objectContaining({
            code: 'invalid_option',
            message: expect.stringContaining(owner),
          }),
        );
      }),
      runs(500),
    );
  });

  it.each<[string, unknown]>([
    ['keyPrefix', 5n],
    ['keyPrefix', null],
    ['timeout', null],
    ['nearCache', { maxEntries: Object.create(null) }],
    ['durability', { replicas: Object.create(null) }],
  ])('refuses %s: %o', (name, value) => {
    expect(() => make(CLIENT, { [name]: value } as object)).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
  });
});
