import { UsageError } from '@sess/core';
import { JwtKey } from './key.js';

/** The keys of an issuer, which can be changed while it runs: the first signs, all verify. */
export interface KeySet {
  readonly keys: readonly JwtKey[];
  /**
   * Publishes a key that does not sign yet, last of all. Do it on every process before the first of them rotates, and
   * before other services need the key: verifiers keep a JWK Set for five minutes.
   */
  add(key: JwtKey): void;
  /**
   * Signs with this key from now on. The one that signed until now verifies for as long as a token of its can
   * live, and is gone then.
   */
  rotate(key: JwtKey): void;
  /** Forgets a key at once, and with it every token that it signed: for one that has leaked. */
  revoke(kid: string): void;
}

/**
 * What `keys` options take: a set, some keys, a function of the keys as they are now, or a secret for HS256. A key that a
 * list or function has no more verifies on like one that was rotated out; only a set can `revoke` one.
 */
export type Keys = KeySet | JwtKey | readonly JwtKey[] | (() => readonly JwtKey[]) | string;

/** The keys as they are, and those that must not be waited for. */
export interface KeySource {
  readonly current: () => readonly JwtKey[];
  /** Keys that were revoked: no token of theirs is good, however long it has to live. */
  readonly revoked: () => ReadonlySet<string>;
}

/** Where a set keeps what only this package reads. */
const REVOKED = new WeakMap<KeySet, ReadonlySet<string>>();
const NONE: ReadonlySet<string> = new Set();

/** @throws UsageError `invalid_option` for keys that do not go together */
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
          `revoke('${kid}'): there is no other key. Add and rotate to another one first.`,
        );
      }
      keys = assertKeys(left);
      revoked.add(kid);
    },
  };
  REVOKED.set(set, revoked);
  return Object.freeze(set);
}

/** Reads an option `keys`. @throws UsageError `invalid_option` */
export function toKeySource(
  keys: Keys | undefined,
  toSecretKey: (secret: string) => JwtKey,
): KeySource {
  const read = toReader(keys, toSecretKey);
  const revoked = typeof keys === 'object' && 'rotate' in keys ? REVOKED.get(keys) : undefined;
  let checked: readonly JwtKey[] | undefined;
  const current = (): readonly JwtKey[] => {
    const given = read();
    if (checked !== undefined && isSameList(given, checked)) return checked;
    checked = assertKeys(given);
    return checked;
  };
  current();
  return { current, revoked: () => revoked ?? NONE };
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
  if (keys instanceof JwtKey) return () => [keys];
  if (Array.isArray(keys)) return () => keys as readonly JwtKey[];
  if (typeof keys === 'object' && keys !== null && 'rotate' in keys) return () => keys.keys;
  throw new UsageError(
    'invalid_option',
    'keys: write a key as secretKey(), importJwk(), importPem() and generateKey() make them, a list of such, a key set, or a function that answers a list.',
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
  const keys: readonly unknown[] = Array.isArray(given) ? given : [];
  if (keys.length === 0 || !keys.every((key) => key instanceof JwtKey)) {
    throw new UsageError(
      'invalid_option',
      'keys: there must be one key at least, made by secretKey(), importJwk(), importPem() or generateKey().',
    );
  }
  const list = keys as readonly JwtKey[];
  if (new Set(list.map(({ kid }) => kid)).size < list.length) {
    throw new UsageError('invalid_option', 'keys: two keys have the same kid.');
  }
  // A verifier that knows both kinds could be given a public key as a secret (RFC 8725, section 2.1).
  if (new Set(list.map(({ isSymmetric }) => isSymmetric)).size > 1) {
    throw new UsageError(
      'invalid_option',
      'keys: secrets and key pairs must not be mixed in one set. Use a set for each.',
    );
  }
  if (list[0]?.canSign === false) {
    throw new UsageError(
      'invalid_option',
      `keys: the first key signs, and '${list[0].kid}' can only verify. Write the private key, or put another one first.`,
    );
  }
  return Object.freeze([...list]);
}
