import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';

/** The only source of randomness: `size` unpredictable bytes, the caller's to keep. */
export type RandomBytes = (size: number) => Uint8Array;

const POOL_SIZE = 4_096;

/**
 * Random bytes from the operating system's generator, drawn 4 KiB at a time: one draw serves about a
 * hundred secrets. What was handed out is wiped from the pool.
 */
export function createRandomBytes(): RandomBytes {
  const pool = Buffer.alloc(POOL_SIZE);
  let used = POOL_SIZE;
  return (size) => {
    if (size > POOL_SIZE) return randomFillSync(new Uint8Array(size));
    if (used + size > POOL_SIZE) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = new Uint8Array(pool.subarray(used, used + size));
    pool.fill(0, used, used + size);
    used += size;
    return bytes;
  };
}

/** Base64url without padding (RFC 4648, section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
