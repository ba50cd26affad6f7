import * as crypto from 'node:crypto';

/** Tokens whose signature was found good, by a digest of their text: nothing that could be presented is kept. */
export interface VerifiedTokens<Value> {
  /** Forgets everything when the keys are not those of before. */
  keepFor(keyVersion: number): void;
  get(token: string): Value | undefined;
  set(token: string, value: Value): void;
}

interface Entry<Value> {
  readonly value: Value;
  /** Asked for since it was kept, or since it was last passed over. */
  isUsed: boolean;
}

const digest: (text: string) => string =
  // One-shot hashing costs half as much, and is missing on runtimes older than Node 20.12.
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'base64url')
    : (text) => crypto.createHash('sha256').update(text).digest('base64url');

/** Entries looked at when room is made: bounds what one token costs. */
const PASSED_OVER = 8;

/** A bounded memory in which an entry that was asked for gets a second chance, so that a hit moves nothing. */
export function createVerifiedTokens<Value>(maxEntries: number): VerifiedTokens<Value> {
  const entries = new Map<string, Entry<Value>>();
  let version: number | undefined;

  function makeRoom(): void {
    let passed = 0;
    for (const [key, entry] of entries) {
      if (entries.size < maxEntries) return;
      entries.delete(key);
      if (!entry.isUsed || passed >= PASSED_OVER) continue;
      entry.isUsed = false;
      entries.set(key, entry);
      passed += 1;
    }
  }

  return {
    keepFor(keyVersion) {
      if (version === keyVersion) return;
      version = keyVersion;
      entries.clear();
    },
    get(token) {
      if (maxEntries === 0) return undefined;
      const entry = entries.get(digest(token));
      if (entry === undefined) return undefined;
      entry.isUsed = true;
      return entry.value;
    },
    set(token, value) {
      if (maxEntries === 0) return;
      makeRoom();
      entries.set(digest(token), { value, isUsed: false });
    },
  };
}
