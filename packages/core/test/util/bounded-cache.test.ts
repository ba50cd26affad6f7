import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createBoundedCache } from '../../src/util/bounded-cache.js';

describe('createBoundedCache', () => {
  it('evicts the oldest entry that was not used since the last eviction', () => {
    const cache = createBoundedCache<string, number>({ maxEntries: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([...cache.keys()]).toEqual(['a', 'c']);
  });

  it('evicts after at most eight used entries, so that one eviction is bounded work', () => {
    const cache = createBoundedCache<number, number>({ maxEntries: 20 });
    for (let n = 0; n < 20; n += 1) cache.set(n, n);
    for (let n = 0; n < 20; n += 1) cache.get(n);
    cache.set(20, 20);
    expect(cache.has(8)).toBe(false);
    expect(cache.size).toBe(20);
  });

  it('evicts without a search for the oldest entry behind those that were removed', () => {
    const entries = vi.spyOn(Map.prototype, 'entries');
    const cache = createBoundedCache<number, number>({ maxEntries: 100 });
    for (let n = 0; n < 10_000; n += 1) cache.set(n, n);
    expect(entries.mock.calls.length).toBeLessThan(5);
    entries.mockRestore();
    expect([...cache.keys()]).toEqual(Array.from({ length: 100 }, (_, n) => 9_900 + n));
  });

  it('evicts the oldest entry also after many changes without an eviction', () => {
    const cache = createBoundedCache<number, number>({ maxEntries: 100 });
    for (let n = 0; n < 150; n += 1) cache.set(n, n);
    for (let n = 60; n < 148; n += 1) cache.delete(n);
    for (let n = 200; n < 288; n += 1) cache.set(n, n);
    cache.set(300, 300);
    expect(cache.has(50)).toBe(false);
    expect(cache.has(51)).toBe(true);
    expect(cache.size).toBe(100);
  });

  it('does not keep a value that is larger than the budget, nor the one that it replaces', () => {
    const cache = createBoundedCache<string, string>({
      maxEntries: 10,
      maxBytes: 4,
      sizeOf: (value) => value.length,
    });
    cache.set('a', 'one');
    cache.set('b', '1');
    cache.set('a', 'too long');
    expect([...cache.keys()]).toEqual(['b']);
    expect(cache.bytes).toBe(1);
  });

  it('reports every entry that leaves it', () => {
    const left: string[] = [];
    const cache = createBoundedCache<string, number>({
      maxEntries: 1,
      onEvict: (value, key) => void left.push(`${key}${value}`),
    });
    cache.set('a', 1);
    cache.set('a', 2);
    cache.set('b', 3);
    expect(cache.delete('b')).toBe(true);
    expect(cache.delete('b')).toBe(false);
    cache.set('c', 4);
    cache.clear();
    expect(left).toEqual(['a1', 'a2', 'b3', 'c4']);
  });

  it('stays within both limits and returns only what was set last, after any calls', () => {
    const key = fc.integer({ min: 0, max: 12 });
    const call = fc.oneof(
      fc.record({ set: key, size: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ get: key }),
      fc.record({ delete: key }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 100 }), (calls) => {
        const present = new Map<number, number>();
        const cache = createBoundedCache<number, number>({
          maxEntries: 5,
          maxBytes: 20,
          sizeOf: (size) => size,
          onEvict: (_, evicted) => void present.delete(evicted),
        });
        for (const step of calls) {
          if ('set' in step) {
            cache.set(step.set, step.size);
            present.set(step.set, step.size);
          } else if ('get' in step) {
            expect(cache.get(step.get)).toBe(present.get(step.get));
          } else {
            cache.delete(step.delete);
          }
          const sizes = [...present.values()];
          expect(cache.size).toBe(sizes.length);
          expect(cache.size).toBeLessThanOrEqual(5);
          expect(cache.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
          expect(cache.bytes).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
