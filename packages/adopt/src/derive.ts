import { createHmac } from 'node:crypto';
import type { AdoptionSeed } from '@sess/core/internal';

/** Characters of base64url for 12, 16 and 32 bytes; the last one has no bits to spare, or zeros. */
const SIZES = { id: 12, family: 12, secret: 32, salt: 16, mark: 32 } as const;

/** Derives what takes the place of old sessions. */
export interface Derivation {
  /** Returns the secrets of the session that takes the place of the one with this credential. */
  seedOf(credential: string): AdoptionSeed;
  /** Returns the name under which the end of all old sessions of a subject is remembered. */
  subjectMarkOf(subject: string): string;
}

/**
 * Creates a derivation: HMAC-SHA256 as in HKDF (RFC 5869), with the secret as key material, the name of the source in
 * the extraction, and a label and the credential in each expansion. Without the secret, a table of old sessions gives
 * nothing.
 */
export function createDerivation(secret: string | Uint8Array, source: string): Derivation {
  const key = createHmac('sha256', `@sess/adopt 1 ${source}`).update(secret).digest();
  const expand = (label: string, text: string): Buffer =>
    createHmac('sha256', key).update(`${label}\0${text}`).digest();
  return {
    seedOf(credential) {
      const parts = Object.entries(SIZES).map(([label, size]) => [
        label,
        expand(label, credential).subarray(0, size).toString('base64url'),
      ]);
      return Object.fromEntries(parts) as AdoptionSeed;
    },
    subjectMarkOf: (subject) => expand('subject', subject).toString('base64url'),
  };
}
