import { Buffer } from 'node:buffer';
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRandomBytes,
  deriveAccessSecret,
  deriveRefreshSecret,
  digest,
  encodeBase64Url,
  isSameDigest,
} from '../../src/token/crypto.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const bytesOf = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });

/** 00 01 … 1f and 64 65 … 73; what they lead to was computed with Python's hashlib and hmac. */
const SECRET = text(Uint8Array.from({ length: 32 }, (_, index) => index));
const SALT = text(Uint8Array.from({ length: 16 }, (_, index) => 100 + index));

describe('digest', () => {
  it('is the first 132 bits of SHA-256 over the secret’s text', () => {
    expect(digest(SECRET)).toBe('6oZqdX5MOLq_qBJ8vppAnT');
    fc.assert(
      fc.property(bytesOf(32), (bytes) => {
        const whole = createHash('sha256').update(text(bytes)).digest('base64url');
        expect(digest(text(bytes))).toBe(whole.slice(0, 22));
      }),
    );
  });
});

describe('encodeBase64Url', () => {
  it.each([0, 12, 32, 63, 64, 65, 100])('is base64url of all of %i bytes', (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => 255 - index);
    expect(encodeBase64Url(bytes)).toBe(text(bytes));
  });
});

describe('createRandomBytes', () => {
  it('fills more than its pool holds', () => {
    const bytes = createRandomBytes()(10_000);
    expect(bytes).toHaveLength(10_000);
    expect(bytes.subarray(9_000).some((byte) => byte !== 0)).toBe(true);
  });
});

describe('isSameDigest', () => {
  it('isSameDigest separates equal digests from different ones', () => {
    fc.assert(
      fc.property(bytesOf(32), bytesOf(32), (one, other) => {
        expect(isSameDigest(digest(text(one)), digest(text(one)))).toBe(true);
        expect(isSameDigest(digest(text(one)), digest(text(other)))).toBe(
          text(one) === text(other),
        );
      }),
    );
  });

  it('sees a difference in any single character', () => {
    const whole = digest(SECRET);
    for (let index = 0; index < whole.length; index += 1) {
      const changed = `${whole.slice(0, index)}${whole[index] === 'A' ? 'B' : 'A'}${whole.slice(index + 1)}`;
      expect(isSameDigest(whole, changed)).toBe(false);
    }
  });

  it('looks at every character, whichever differs first [tokens.compared]', () => {
    const whole = digest(SECRET);
    const lookedAt = (other: string): number => {
      let looks = 0;
      const watched = {
        length: other.length,
        charCodeAt(index: number) {
          looks += 1;
          return other.charCodeAt(index);
        },
      };
      expect(isSameDigest(whole, watched as unknown as string)).toBe(other === whole);
      return looks;
    };
    const another = (index: number) =>
      `${whole.slice(0, index)}${whole[index] === 'A' ? 'B' : 'A'}${whole.slice(index + 1)}`;
    expect([whole, another(0), another(11), another(21)].map(lookedAt)).toEqual([22, 22, 22, 22]);
  });

  it('isSameDigest returns false for unequal lengths, where timingSafeEqual throws [tokens.compared]', () => {
    const whole = digest(SECRET);
    for (const other of ['', whole.slice(0, -1), `${whole}A`]) {
      expect(isSameDigest(whole, other)).toBe(false);
      expect(isSameDigest(other, whole)).toBe(false);
    }
    expect(isSameDigest('', '')).toBe(true);
  });
});

describe('deriveRefreshSecret', () => {
  it('is HMAC-SHA256(r_j, salt_j ‖ "refresh") [tokens.derived]', () => {
    expect(deriveRefreshSecret(SECRET, SALT)).toBe('IsWz22hsTRNY8kHdOuZJEM1WSzKzXaV43D17oZoT_xU');
    fc.assert(
      fc.property(bytesOf(32), bytesOf(16), (secret, salt) => {
        const expected = createHmac('sha256', secret)
          .update(salt)
          .update('refresh')
          .digest('base64url');
        expect(deriveRefreshSecret(text(secret), text(salt))).toBe(expected);
      }),
    );
  });

  it('depends on the secret and on the salt', () => {
    const other = deriveRefreshSecret(SECRET, SALT);
    expect(deriveRefreshSecret(other, SALT)).not.toBe(other);
    expect(deriveRefreshSecret(SECRET, other.slice(0, 22))).not.toBe(other);
  });
});

describe('deriveAccessSecret', () => {
  it.each([
    [0, 'LM53DgVc2q7M3g_Konu5xaN9ob-4zK5VQP1d-iUakY4'],
    [1, 'wZN7LlaPoLTKZoRjHY_BvGRAjis4zEmKQzQuRRUuzic'],
    [0x01020304, 'LgVRnzkbVZ5cdrGsw29pDidXkMLRc4XSJ_T1yFHEq64'],
  ])(
    'is HMAC-SHA256(r_n, salt ‖ "access" ‖ %i as a big-endian uint32) [tokens.derived]',
    (count, expected) => {
      expect(deriveAccessSecret(SECRET, SALT, count)).toBe(expected);
    },
  );

  it('differs for every count, and from the refresh secret of the same step', () => {
    const seen = new Set([deriveRefreshSecret(SECRET, SALT)]);
    for (let count = 0; count < 1_000; count += 1)
      seen.add(deriveAccessSecret(SECRET, SALT, count));
    expect(seen.size).toBe(1_001);
  });
});
