import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidDataError } from '../../src/errors.js';
import { MAX_DEPTH, MAX_LENGTH, toFrozenJson } from '../../src/util/json.js';

function refusalOf(value: unknown): InvalidDataError {
  try {
    toFrozenJson(value as object);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDataError);
    return error as InvalidDataError;
  }
  return expect.unreachable('nothing was refused') as never;
}

/** So many levels of objects, arrays, or both in turn around a text; the outermost is always an object. */
function nested(levels: number, shape: 'objects' | 'arrays' | 'both'): object {
  let value: unknown = 'core';
  for (let level = levels; level >= 1; level -= 1) {
    const isArray = level > 1 && (shape === 'arrays' || (shape === 'both' && level % 2 === 0));
    value = isArray ? [value] : { inner: value };
  }
  return value as object;
}

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}

/** The reference: through JSON text and back, without any key `__proto__`. */
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), function (this: unknown, _key, item: unknown) {
    if (typeof item === 'object' && item !== null) Reflect.deleteProperty(item, '__proto__');
    return item;
  });
}

/** As it comes from a request body: JSON text that was parsed, with awkward keys among the others. */
const key = fc.oneof(
  { weight: 6, arbitrary: fc.string() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', '0', ''),
  },
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => parsedObject(entries)),
  ),
}));

function parsedObject(entries: readonly (readonly [string, unknown])[]): object {
  const members = entries.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`);
  return JSON.parse(`{${members.join(',')}}`) as object;
}

const jsonObject = fc
  .array(fc.tuple(key, json), { maxLength: 6 })
  .map((entries) => parsedObject(entries));

describe('toFrozenJson', () => {
  it('is what JSON carries, for every JSON value but keys __proto__', () => {
    fc.assert(
      fc.property(jsonObject, (value) => {
        expect(toFrozenJson(value)).toEqual(throughJson(value));
      }),
      { numRuns: 500 },
    );
  });

  it('is frozen at every level', () => {
    fc.assert(fc.property(jsonObject, (value) => isDeepFrozen(toFrozenJson(value))));
    expect(() => {
      const copy = toFrozenJson({ roles: ['user'] });
      copy.roles.push('admin');
    }).toThrow(TypeError);
  });

  it('of any object at all is what JSON carries, or an InvalidDataError', () => {
    const anything = fc.object({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let copy: object;
        try {
          copy = toFrozenJson(value);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidDataError);
          return;
        }
        expect(isDeepFrozen(copy)).toBe(true);
        expect(JSON.stringify(copy)).toBe(JSON.stringify(throughJson(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a copy: what the caller changes later does not reach it', () => {
    const given = { tags: ['a'], inner: { on: true } };
    const copy = toFrozenJson(given);
    given.tags.push('b');
    given.inner.on = false;
    expect(copy).toEqual({ tags: ['a'], inner: { on: true } });
    expect(Object.isFrozen(given)).toBe(false);
  });

  it('of a copy is the same again', () => {
    fc.assert(
      fc.property(jsonObject, (value) => {
        const once = toFrozenJson(value);
        expect(toFrozenJson(once)).toEqual(once);
      }),
    );
  });

  it('leaves out what is undefined, and fills holes of arrays with null, as JSON does', () => {
    const sparse: unknown[] = [1];
    sparse[2] = undefined;
    expect(JSON.stringify(toFrozenJson({ a: undefined, list: sparse }))).toBe(
      '{"list":[1,null,null]}',
    );
  });

  it.each([
    ['a date', new Date(0)],
    ['an object with toJSON', { toJSON: () => ({ amount: 5, currency: 'EUR' }) }],
    ['a date in a list', [new Date(0)]],
  ])('refuses %s, which a store would return as something else', (_, value) => {
    const refused = refusalOf({ value });
    expect(refused.code).toBe('invalid_data');
    expect(refused.message).toContain('an object with toJSON, such as a Date');
  });

  it('keeps a key toJSON that is no function', () => {
    expect(toFrozenJson({ toJSON: 'text' })).toEqual({ toJSON: 'text' });
  });

  it('takes an object without prototype', () => {
    expect(toFrozenJson(Object.assign(Object.create(null), { a: 1 }) as object)).toEqual({ a: 1 });
  });

  it('knows one zero only, as JSON does: memory and Redis give back the same', () => {
    expect(toFrozenJson({ zero: -0 })).toEqual({ zero: 0 });
  });

  describe('with a key __proto__', () => {
    const hostile = '{"__proto__": {"admin": true}, "handle": "zoe"}';

    it.each([
      ['at the top', hostile],
      ['further down', `{"inner": {"list": [${hostile}]}, "handle": "zoe"}`],
    ])('%s never sets a prototype, nor does a merge of the copy [data.prototype]', (_, text) => {
      const copy = toFrozenJson(JSON.parse(text) as object);
      expect(JSON.stringify(copy)).not.toContain('admin');
      expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      const merged = Object.assign({}, copy, { other: 1 });
      expect('admin' in merged).toBe(false);
      expect('admin' in {}).toBe(false);
      expect(copy).toMatchObject({ handle: 'zoe' });
    });

    it('does not even look into it', () => {
      const value = JSON.parse(`{"__proto__": ${'['.repeat(5_000)}${']'.repeat(5_000)}}`) as object;
      expect(toFrozenJson(value)).toEqual({});
    });

    it('keeps constructor and prototype as data', () => {
      const value = JSON.parse('{"constructor": {"prototype": {"admin": true}}}') as object;
      const copy = toFrozenJson(value);
      expect(Object.hasOwn(copy, 'constructor')).toBe(true);
      expect('admin' in {}).toBe(false);
    });
  });

  describe('of deep values', () => {
    it.each(['objects', 'arrays', 'both'] as const)(
      'takes 64 levels of %s and no more [data.depth]',
      (shape) => {
        expect(MAX_DEPTH).toBe(64);
        expect(toFrozenJson(nested(64, shape))).toEqual(nested(64, shape));
        expect(refusalOf(nested(65, shape)).message).toContain('nested deeper than 64 levels');
      },
    );

    it.each(['objects', 'arrays', 'both'] as const)(
      'refuses 20,000 levels of %s without running out of stack [data.depth]',
      (shape) => {
        expect(refusalOf(nested(20_000, shape)).code).toBe('invalid_data');
      },
    );

    it('toFrozenJson refuses a toJSON that returns itself or ever more levels', () => {
      const self = { toJSON: (): unknown => self };
      const endless = (): unknown => ({ toJSON: endless });
      expect(refusalOf({ self }).code).toBe('invalid_data');
      expect(refusalOf({ more: endless() }).code).toBe('invalid_data');
    });
  });

  describe('of cyclic values', () => {
    it.each([
      [
        'an object that holds itself',
        () => {
          const a: Record<string, unknown> = {};
          a['self'] = a;
          return a;
        },
      ],
      [
        'an array that holds itself',
        () => {
          const a: unknown[] = [];
          a.push(a);
          return { a };
        },
      ],
      [
        'two that hold each other',
        () => {
          const a: Record<string, unknown> = {};
          a['b'] = { a };
          return a;
        },
      ],
    ])('refuses %s [data.cycles]', (_, make) => {
      expect(refusalOf(make()).message).toContain('refers to itself');
    });

    it('takes one object in two places: that is no cycle', () => {
      const shared = { city: 'Bern' };
      expect(toFrozenJson({ home: shared, work: shared })).toEqual({ home: shared, work: shared });
    });

    it('toFrozenJson refuses an object whose text would double with every level, before it is built', () => {
      let value: object = { end: 'x' };
      for (let level = 0; level < 60; level += 1) value = { a: value, b: value };
      expect(refusalOf(value).code).toBe('data_too_large');
    });
  });

  describe('of what JSON cannot say', () => {
    it.each([
      ['a BigInt', 1n, 'bigint'],
      ['NaN', NaN, 'NaN'],
      ['Infinity', Infinity, 'Infinity'],
      ['-Infinity', -Infinity, '-Infinity'],
      ['a function', () => {}, 'function'],
      ['a symbol', Symbol('s'), 'symbol'],
      ['a Map', new Map([['a', 1]]), 'neither plain nor an array'],
      ['a Set', new Set([1]), 'neither plain nor an array'],
      ['a typed array', new Uint8Array(4), 'neither plain nor an array'],
      ['a regular expression', /x/, 'neither plain nor an array'],
      ['an error', new Error('x'), 'neither plain nor an array'],
      ['a boxed number', new Number(1), 'neither plain nor an array'],
      ['an instance of a class', new (class Cart {})(), 'neither plain nor an array'],
    ])(
      'toFrozenJson refuses %s at any depth, and names what it found [data.types]',
      (_, value, word) => {
        for (const holder of [{ value }, { list: [value] }, { a: { b: { value } } }]) {
          const refused = refusalOf(holder);
          expect(refused.code).toBe('invalid_data');
          expect(refused.message).toContain(word);
        }
      },
    );

    it.each([
      ['null', null],
      ['an array', []],
      ['a date', new Date(0)],
      ['a Map', new Map()],
      ['a text', 'text'],
      ['undefined', undefined],
      ['a function', () => {}],
      ['an instance of a class', new (class Cart {})()],
    ])('refuses %s in place of the data', (_, value) => {
      expect(refusalOf(value).message).toContain('must be a plain object');
    });

    it.each([
      ['an array', []],
      ['a text', 'text'],
      ['null', null],
    ])('refuses an object whose toJSON makes %s of it', (_, made) => {
      expect(refusalOf({ toJSON: () => made }).code).toBe('invalid_data');
    });
  });

  describe('of large values', () => {
    it('takes 131,072 characters of JSON and not one more', () => {
      const room = MAX_LENGTH - '{"a":""}'.length;
      expect(MAX_LENGTH).toBe(131_072);
      expect(JSON.stringify(toFrozenJson({ a: 'x'.repeat(room) }))).toHaveLength(131_072);
      expect(refusalOf({ a: 'x'.repeat(room + 1) }).code).toBe('data_too_large');
    });

    it('counts the JSON text, escapes included', () => {
      expect(refusalOf({ a: '\u0000'.repeat(30_000) }).code).toBe('data_too_large');
    });

    it.each([
      ['in one text', { a: 'x'.repeat(1_000_000) }],
      ['in one key', { ['x'.repeat(1_000_000)]: 1 }],
      [
        'in many keys',
        Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, 1])),
      ],
      ['in many numbers', { a: Array.from({ length: 500_000 }, () => 1) }],
      ['in many nulls', { a: Array.from({ length: 250_000 }, () => null) }],
    ])('refuses 1 MB %s [data.size]', (_, value) => {
      const refused = refusalOf(value);
      expect(refused.code).toBe('data_too_large');
      expect(refused.status).toBe(413);
      expect(refused.message.length).toBeLessThan(200);
    });

    it.each([
      ['numbers', 1],
      ['nulls', null],
      ['truths', true],
      ['holes', undefined],
    ])('stops at the limit while it walks a huge array of %s', (_, item) => {
      let reads = 0;
      const list = new Proxy(
        Array.from({ length: 1_000_000 }, () => item),
        {
          get(target, name, receiver) {
            if (typeof name === 'string' && /^\d+$/.test(name)) reads += 1;
            return Reflect.get(target, name, receiver) as unknown;
          },
        },
      );
      expect(refusalOf({ list }).code).toBe('data_too_large');
      expect(reads).toBeLessThan(140_000);
    });
  });
});
