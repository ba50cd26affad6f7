import { UsageError } from '@sess/core';
import { formatShort } from '@sess/core/internal';
import { isJwtKey, type JwtKey, type PublicJwk } from './key.js';

/** The keys of an issuer, which can be changed while it runs. The first key signs, all keys verify. */
export interface KeySet {
  readonly keys: readonly JwtKey[];
  /**
   * Adds a key at the end: it is published and verifies, but does not sign yet. Call it on every process before the
   * first of them rotates: other services keep a JWK Set for up to ten minutes.
   *
   * @throws {UsageError} invalid_option if its `kid` is already in the set, or symmetric and asymmetric keys would mix
   */
  add(key: JwtKey): void;
  /**
   * Signs with this key from now on. The previous key verifies as long as one of its tokens can live, and is then
   * removed.
   */
  rotate(key: JwtKey): void;
  /**
   * Removes a key immediately: every token that it signed is refused. For a key that has leaked.
   *
   * @throws {UsageError} invalid_argument if there is no other key
   */
  revoke(kid: string): void;
}

/**
 * A value of a `keys` option: a key set, keys, a function that returns the current keys, or a secret for HS256. A key
 * that a function no longer returns still verifies, as after `rotate`. Only a key set can `revoke` one.
 */
export type Keys = KeySet | JwtKey | readonly JwtKey[] | (() => readonly JwtKey[]) | string;

/** Where a key ring gets its keys from. */
export interface KeySource {
  readonly current: () => readonly JwtKey[];
  /** The `kid`s of revoked keys: their tokens are refused, even if they have not expired. */
  readonly revoked: () => ReadonlySet<string>;
}

/** Registered, so that another copy of this package finds the revoked keys of a set. */
const REVOKED = Symbol.for('sess.revoked-kids');
const NONE: ReadonlySet<string> = new Set();

/**
 * Creates a key set. The first key signs.
 *
 * @throws {UsageError} invalid_option if there is no key, two have the same `kid`, or secrets and key pairs are mixed
 */
export function createKeySet(...first: readonly JwtKey[]): KeySet {
  let keys = assertKeys(first);
  const revoked = new Set<string>();
  const set: KeySet = {
    get keys() {
      return keys;
    },
    add(key) {
      keys = assertKeys([...keys, key]);
    },
    rotate(key) {
      keys = assertKeys([key, ...keys.slice(1).filter(({ kid }) => kid !== key.kid)]);
    },
    revoke(kid) {
      const left = keys.filter((key) => key.kid !== kid);
      if (left.length === 0) {
        throw new UsageError(
          'invalid_argument',
          `revoke: expected the kid of one of several keys, got ${formatShort(kid)}, the only one. Rotate to another key first.`,
        );
      }
      keys = assertKeys(left);
      revoked.add(kid);
    },
  };
  Object.defineProperty(set, REVOKED, { value: revoked });
  return Object.freeze(set);
}

/** Reads the option `keys`. @throws {UsageError} invalid_option */
export function toKeySource(
  keys: Keys | undefined,
  toSecretKey: (secret: string) => JwtKey,
): KeySource {
  const read = toReader(keys, toSecretKey);
  const revoked =
    typeof keys === 'object' && REVOKED in keys ? (keys[REVOKED] as ReadonlySet<string>) : NONE;
  let checked: readonly JwtKey[] | undefined;
  const current = (): readonly JwtKey[] => {
    const given = read();
    if (checked !== undefined && isSameList(given, checked)) return checked;
    checked = assertKeys(given);
    return checked;
  };
  current();
  return { current, revoked: () => revoked };
}

function toReader(
  keys: Keys | undefined,
  toSecretKey: (secret: string) => JwtKey,
): () => readonly JwtKey[] {
  if (typeof keys === 'function') return keys;
  if (typeof keys === 'string') {
    const list = [toSecretKey(keys)];
    return () => list;
  }
  if (isJwtKey(keys)) return () => [keys];
  if (Array.isArray(keys)) return () => keys as readonly JwtKey[];
  if (typeof keys === 'object' && keys !== null && 'rotate' in keys) return () => keys.keys;
  throw new UsageError(
    'invalid_option',
    'keys: expected a key, an array of keys, a key set, a function that returns an array, or a secret string, got another value. Keys are created by secretKey(), importJwk(), importPem() and generateKey().',
  );
}

function isSameList(left: readonly JwtKey[], right: readonly JwtKey[]): boolean {
  return (
    Array.isArray(left) &&
    left.length === right.length &&
    left.every((key, index) => key === right[index])
  );
}

/** @throws UsageError `invalid_option` */
function assertKeys(given: readonly JwtKey[]): readonly JwtKey[] {
  // A copy has no holes, which every() would pass over.
  const keys: readonly unknown[] = Array.isArray(given) ? Array.from(given) : [];
  if (keys.length === 0 || !keys.every(isJwtKey)) {
    throw new UsageError(
      'invalid_option',
      'keys: expected at least one key, got something else. Keys are created by secretKey(), importJwk(), importPem() and generateKey().',
    );
  }
  const list = keys as readonly JwtKey[];
  if (new Set(list.map(({ kid }) => kid)).size < list.length) {
    throw new UsageError(
      'invalid_option',
      'keys: expected keys with different kids, got two with the same kid.',
    );
  }
  // A verifier that knows both kinds could be given a public key as a secret (RFC 8725, section 2.1).
  if (new Set(list.map(({ isSymmetric }) => isSymmetric)).size > 1) {
    throw new UsageError(
      'invalid_option',
      'keys: expected secrets or key pairs, got both. Use a set for each.',
    );
  }
  if (list[0]?.canSign === false) {
    throw new UsageError(
      'invalid_option',
      `keys: expected a first key that can sign, got '${list[0].kid}', which can only verify. Import its private key, or put another key first.`,
    );
  }
  return Object.freeze([...list]);
}

/** The keys that tokens are verified with, kept in step with their source. */
export interface KeyRing {
  /** The key that signs now. */
  signer(at: number): JwtKey;
  /** The key that a token names. Without a `kid`, the only key if there is only one. */
  find(kid: string | undefined, at: number): JwtKey | undefined;
  /** Increases whenever a key was added or removed: cached verifications are void then. */
  version(at: number): number;
  publicKeys(at: number): readonly PublicJwk[];
}

interface Held {
  readonly key: JwtKey;
  /** When it is removed; infinite for a current key. */
  readonly until: number;
}

/**
 * Creates a key ring. It reads the source at every use: a new first key signs immediately, and a key that has left the
 * source still verifies for `overlap` milliseconds, as long as one of its tokens can live.
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
