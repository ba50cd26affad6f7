import { describe, expect, it } from 'vitest';
import { formatShort, formatValue } from '../../src/util/options.js';

describe('a value in a message', () => {
  it.each<[unknown, string, string]>([
    ['text', 'text', '"text"'],
    ['/\r\n', '/\r\n', '"/\\r\\n"'],
    [7, '7', '7'],
    [5n, '5', '5'],
    [null, 'null', 'null'],
    [undefined, 'undefined', 'undefined'],
    [Symbol('it'), 'Symbol(it)', 'Symbol(it)'],
    [['a'], 'an array', 'an array'],
    [() => 'secret', 'a function', 'a function'],
    [{ toJSON: () => 'secret', toString: () => 'secret' }, 'an object', 'an object'],
    [Object.create(null), 'an object', 'an object'],
  ])('is %o as %j, or in quotes %j', (value, shown, quoted) => {
    expect(formatValue(value)).toBe(shown);
    expect(formatShort(value)).toBe(quoted);
  });
});
