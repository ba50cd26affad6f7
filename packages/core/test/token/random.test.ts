import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createRandomBytes, encodeBase64Url } from '../../src/token/crypto.js';

/** What the operating system's generator was asked to fill, and what it filled it with. The generator is the real one. */
const tap = vi.hoisted(() => ({ fills: [] as { pool: Uint8Array; content: Uint8Array }[] }));

vi.mock('node:crypto', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:crypto')>();
  const randomFillSync = (pool: Uint8Array) => {
    real.randomFillSync(pool);
    tap.fills.push({ pool, content: Uint8Array.from(pool) });
    return pool;
  };
  return { ...real, randomFillSync };
});

beforeEach(() => {
  tap.fills.length = 0;
});

describe('createRandomBytes', () => {
  it('gives as many bytes as it is asked for, beyond its pool too', () => {
    const random = createRandomBytes();
    for (const size of [0, 1, 12, 16, 32, 4_095, 4_096, 4_097, 10_000, 32]) {
      expect(random(size)).toHaveLength(size);
    }
  });

  it('never gives one byte of the generator twice [tokens.random]', () => {
    const sizes = fc.array(
      fc.oneof(fc.constantFrom(12, 16, 32), fc.integer({ min: 1, max: 4_096 })),
      {
        minLength: 1,
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(sizes, (draws) => {
        tap.fills.length = 0;
        const random = createRandomBytes();
        let fill: Uint8Array | undefined;
        let end = 0;
        for (const size of draws) {
          const before = tap.fills.length;
          const bytes = random(size);
          if (tap.fills.length > before) {
            fill = tap.fills.at(-1)?.content;
            end = 0;
          }
          const start = Buffer.from(fill ?? []).indexOf(bytes, end);
          expect(start).toBeGreaterThanOrEqual(end);
          end = start + size;
        }
      }),
      // The example is a draw of the whole pool between others.
      { numRuns: 50, examples: [[[1, 4_096, 1]]] },
    );
  });

  it('gives distinct draws', () => {
    const random = createRandomBytes();
    const seen = new Set<string>();
    for (let draw = 0; draw < 50_000; draw += 1) seen.add(encodeBase64Url(random(12)));
    expect(seen.size).toBe(50_000);
  });

  it('shares nothing between two generators', () => {
    const one = createRandomBytes();
    const other = createRandomBytes();
    expect(encodeBase64Url(one(32))).not.toBe(encodeBase64Url(other(32)));
    expect(tap.fills).toHaveLength(2);
    expect(tap.fills[0]?.pool).not.toBe(tap.fills[1]?.pool);
  });

  it('wipes what it gave from its pool, and nothing else', () => {
    const random = createRandomBytes();
    let given = 0;
    for (const size of [32, 12, 16, 1]) {
      random(size);
      given += size;
      const { pool, content } = tap.fills[0] ?? expect.unreachable('the generator was not asked');
      expect(pool.subarray(0, given).every((byte) => byte === 0)).toBe(true);
      expect(Buffer.from(pool).subarray(given).equals(content.subarray(given))).toBe(true);
    }
    expect(tap.fills).toHaveLength(1);
  });

  it('gives bytes that are the caller’s to keep: no view of the pool', () => {
    const random = createRandomBytes();
    const first = random(32);
    const kept = Uint8Array.from(first);
    for (let draw = 0; draw < 300; draw += 1) random(32);
    expect(first).toEqual(kept);
    expect(first.buffer.byteLength).toBe(32);
  });

  it('asks the generator for about a hundred secrets at a time', () => {
    const random = createRandomBytes();
    for (let draw = 0; draw < 1_280; draw += 1) random(32);
    expect(tap.fills).toHaveLength(10);
  });
});

describe('encodeBase64Url', () => {
  it('is base64url without padding, and reads back to the same bytes [tokens.form]', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64Url(bytes);
        expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
        expect(text).toHaveLength(Math.ceil((bytes.length * 4) / 3));
        expect(Uint8Array.from(Buffer.from(text, 'base64url'))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it('encodes what a view shows, not what lies around it', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    expect(encodeBase64Url(bytes.subarray(2, 5))).toBe('AwQF');
  });
});
