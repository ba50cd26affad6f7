import { Buffer } from 'node:buffer';
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hmacSha256, sha256 } from '../../src/token/crypto.js';

const hex = (text: string) => Buffer.from(text, 'hex');
/** MAC of bytes: the text is passed in two parts, the second of at most 16 bytes. */
const macOf = (hmac: typeof hmacSha256, key: Uint8Array, text: Uint8Array): string => {
  const [first, second] = [text.subarray(0, -10), text.subarray(-10)];
  return hmac(toText(key), toText(first), second);
};
const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const toHex = (text: string) => Buffer.from(text, 'base64url').toString('hex');

/** RFC 4231, sections 4.2 to 4.5: those whose keys are no longer than a block. */
const RFC_4231 = [
  {
    key: hex('0b'.repeat(20)),
    text: Buffer.from('Hi There'),
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    key: Buffer.from('Jefe'),
    text: Buffer.from('what do ya want for nothing?'),
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    key: hex('aa'.repeat(20)),
    text: hex('dd'.repeat(50)),
    mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  {
    key: hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    text: hex('cd'.repeat(50)),
    mac: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  },
];

afterEach(() => {
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

describe('sha256', () => {
  it('is the example of FIPS 180-2, in base64url', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(toHex(sha256('abc'))).toBe(expected);
    expect(toHex(sha256(Buffer.from('abc')))).toBe(expected);
  });

  it('takes text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const expected = createHash('sha256').update(Buffer.from(text, 'utf8')).digest('base64url');
        expect(sha256(text)).toBe(expected);
      }),
    );
  });

  it('is the same on runtimes without one-shot hashing, and so is the MAC', async () => {
    vi.resetModules();
    vi.doMock('node:crypto', async (importOriginal) => ({
      ...(await importOriginal<typeof import('node:crypto')>()),
      hash: undefined,
    }));
    const older = await import('../../src/token/crypto.js');
    expect(older.sha256).not.toBe(sha256);
    expect(older.sha256('abc')).toBe(sha256('abc'));
    for (const { key, text, mac } of RFC_4231)
      expect(toHex(macOf(older.hmacSha256, key, text))).toBe(mac);
  });
});

describe('hmacSha256', () => {
  it.each(RFC_4231)('gives the example of RFC 4231 that begins with $mac', ({ key, text, mac }) => {
    expect(toHex(macOf(hmacSha256, key, text))).toBe(mac);
  });

  it('gives what createHmac gives, for every key up to a block and every text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: 200 }),
        (key, text) => {
          const expected = createHmac('sha256', key).update(text).digest('base64url');
          expect(macOf(hmacSha256, key, text)).toBe(expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
