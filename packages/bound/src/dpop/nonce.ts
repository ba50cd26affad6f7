import { digest } from '@sess/core/internal';
import type { NonceSource } from './operations.js';

/** How long a nonce is given out; it is accepted for as long again. Milliseconds. */
const BUCKET_MS = 300_000;

/**
 * The nonces of a session: the one that is given out, and the one before. All processes compute them from the record, so
 * none is stored. A refresh changes them.
 */
export function noncesOf(
  { sid, auth }: NonceSource,
  at: number,
): readonly [newest: string, earlier: string] {
  const salt = auth.steps.at(-1)?.salt ?? '';
  const bucket = Math.floor(at / BUCKET_MS);
  const nonce = (of: number): string => digest(`dpop-nonce.${sid}.${salt}.${of}`);
  return [nonce(bucket), nonce(bucket - 1)];
}
