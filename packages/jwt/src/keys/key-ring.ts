import type { JwtKey, PublicJwk } from './key.js';
import type { KeySource } from './key-set.js';

/** The keys that tokens are held against, following their source. */
export interface KeyRing {
  /** The key that signs now. */
  signer(at: number): JwtKey;
  /** The key that a token names. Without a name it is the only one there is, if there is only one. */
  find(kid: string | undefined, at: number): JwtKey | undefined;
  /** Raised whenever a key has come or gone: whatever was remembered of tokens is void then. */
  version(at: number): number;
  publicKeys(at: number): readonly PublicJwk[];
}

interface Held {
  readonly key: JwtKey;
  /** When it is gone; for a current key never. */
  readonly until: number;
}

/**
 * Looks at the source whenever it is used: a new first key signs at once, and one that has left the source goes on
 * verifying for `overlap` milliseconds, as long as a token of its can live.
 */
export function createKeyRing(source: KeySource, overlap: number): KeyRing {
  let current: readonly JwtKey[] = [];
  let held = new Map<string, Held>();
  let revokedCount = 0;
  let nextEnd = Number.POSITIVE_INFINITY;
  let version = 0;

  function follow(keys: readonly JwtKey[], revoked: ReadonlySet<string>, at: number): void {
    const next = new Map<string, Held>();
    for (const key of keys) next.set(key.kid, { key, until: Number.POSITIVE_INFINITY });
    for (const [kid, { key, until }] of held) {
      const end = Math.min(until, at + overlap);
      if (!next.has(kid) && !revoked.has(kid) && at < end) next.set(kid, { key, until: end });
    }
    current = keys;
    held = next;
    revokedCount = revoked.size;
    nextEnd = Math.min(...[...next.values()].map(({ until }) => until));
    version += 1;
  }

  function sync(at: number): void {
    const keys = source.current();
    const revoked = source.revoked();
    if (keys !== current || revoked.size !== revokedCount || at >= nextEnd)
      follow(keys, revoked, at);
  }

  return {
    signer(at) {
      sync(at);
      const [first] = current;
      if (first === undefined) throw new TypeError('There is no key to sign with.');
      return first;
    },
    find(kid, at) {
      sync(at);
      if (kid !== undefined) return held.get(kid)?.key;
      return held.size === 1 ? current[0] : undefined;
    },
    version(at) {
      sync(at);
      return version;
    },
    publicKeys(at) {
      sync(at);
      return [...held.values()].flatMap(({ key: { publicJwk } }) => publicJwk ?? []);
    },
  };
}
