import { describe, expect, it } from 'vitest';
import {
  duration,
  integer,
  oneOf,
  option,
  port,
  type Readers,
  readOptions,
} from '../../src/util/options.js';
import { refusalOf } from '../refusal.js';

interface Options {
  readonly ttl?: number;
  readonly mode?: 'a' | 'b';
  readonly count?: number;
  readonly store?: { load(): void };
  readonly name?: string;
}

const READERS = {
  ttl: duration({ default: '15m' }),
  mode: oneOf('a', 'b'),
  count: integer({ min: 1, max: 10_000, default: 7 }),
  store: port<{ load(): void }>({ methods: ['load'], repair: 'Give a store.' }),
  name: option<string>({ expected: 'a name', accepts: (value) => typeof value === 'string' }),
} satisfies Readers<Options>;

const read = (options: unknown, prefix = '') => readOptions('createX', options, READERS, prefix);

describe('readOptions', () => {
  it('returns a frozen object with the default of every absent option', () => {
    const values = read({ mode: undefined });
    expect(values).toEqual({
      ttl: 900_000,
      mode: 'a',
      count: 7,
      store: undefined,
      name: undefined,
    });
    expect(Object.isFrozen(values)).toBe(true);
  });

  it('returns what was given', () => {
    const store = { load() {} };
    expect(read({ ttl: 60, mode: 'b', count: 1, store, name: 'x' })).toEqual({
      ttl: 60_000,
      mode: 'b',
      count: 1,
      store,
      name: 'x',
    });
  });

  it.each([
    [{ mode: null }, 'mode: expected "a" or "b", got null.'],
    [{ mode: 'c' }, 'mode: expected "a" or "b", got "c".'],
    [{ count: 0 }, 'count: expected a whole number from 1 to 10,000, got 0.'],
    [{ count: 1.5 }, 'count: expected a whole number from 1 to 10,000, got 1.5.'],
    [{ store: {} }, "store: expected an object with a method 'load', got an object. Give a store."],
    [{ store: null }, "store: expected an object with a method 'load', got null. Give a store."],
    [{ name: ['x'] }, 'name: expected a name, got an array.'],
    [{ name: () => 'x' }, 'name: expected a name, got a function.'],
    [
      { other: 1 },
      "createX: there is no option 'other'. Known are: ttl, mode, count, store, name.",
    ],
  ])('refuses %o with the message %j', (options, message) => {
    const refused = refusalOf(() => read(options));
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(message);
  });

  it('names a nested option with its prefix', () => {
    expect(refusalOf(() => read({ mode: 1 }, 'cookie.')).message).toMatch(/^cookie\.mode: /);
  });

  it('cuts a long text in a message', () => {
    expect(refusalOf(() => read({ mode: 'x'.repeat(10_000) })).message.length).toBeLessThan(100);
  });
});
