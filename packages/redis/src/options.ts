import { type Duration, UsageError } from '@sess/core';
import { assertKnown, formatShort, formatValue, parseDuration } from '@sess/core/options';
import {
  type NearCacheOptions,
  type NearCacheSettings,
  resolveNearCache,
} from './near-cache/options.js';
import type { Durability } from './write-channel.js';

/** How a Redis store behaves. */
export interface RedisStoreOptions {
  /** What every key begins with. Default: `'sess:'`. Braces are refused: they would move all keys to one slot. */
  readonly keyPrefix?: string;
  /**
   * After how long the store gives up on a call, and answers 503. Default: `'1s'`; at most `'30s'`. What was
   * given up on does not happen later.
   */
  readonly timeout?: Duration;
  /**
   * Waits after every rotation and revocation until so many replicas have it. Default: none, and a failover
   * may forget the newest ones. What is not confirmed in time has happened on the master all the same: the
   * engine's event `unconfirmed` tells of it. Costs a round trip to the replicas; not for a Cluster.
   */
  readonly durability?: {
    /** How many replicas, from 1. */
    readonly replicas: number;
    /** How long they are waited for. Default: 0.1, a tenth of a second; at most the store's timeout. */
    readonly timeout?: Duration;
  };
  /**
   * Verifies from memory, as long as the server's word of every change is proven to arrive: a revocation
   * elsewhere is known here within the invalidation latency, about a millisecond. Default: off. Takes one more
   * connection to each master.
   */
  readonly nearCache?: NearCacheOptions | boolean;
}

export interface RedisStoreSettings {
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly durability: Durability | undefined;
  readonly nearCache: NearCacheSettings | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof RedisStoreOptions>([
  'keyPrefix',
  'timeout',
  'durability',
  'nearCache',
]);

/** @throws UsageError `invalid_option` */
export function resolveOptions(options: RedisStoreOptions): RedisStoreSettings {
  assertKnown('redisStore', options, KNOWN);
  const keyPrefix = resolveKeyPrefix(options.keyPrefix, 'sess:');
  const timeout = resolveTimeout(options.timeout);
  const durability = resolveDurability(options.durability, timeout);
  const nearCache = resolveNearCache(options.nearCache);
  return Object.freeze({ keyPrefix, timeout, durability, nearCache });
}

/** @throws UsageError `invalid_option` */
export function resolveKeyPrefix(given: string | undefined, fallback: string): string {
  const keyPrefix = given === undefined ? fallback : given;
  if (
    typeof keyPrefix !== 'string' ||
    keyPrefix === '' ||
    keyPrefix.length > 128 ||
    /[{}\s]/.test(keyPrefix)
  ) {
    throw new UsageError(
      'invalid_option',
      `keyPrefix: ${formatShort(keyPrefix)} will not do. Write 1 to 128 characters without braces and white space, as in '${fallback}'.`,
    );
  }
  return keyPrefix;
}

/** Milliseconds. @throws UsageError `invalid_option` */
export function resolveTimeout(given: Duration | undefined): number {
  return parseDuration('timeout', given === undefined ? '1s' : given, { min: 10, max: 30_000 });
}

const KNOWN_DURABILITY: ReadonlySet<string> = new Set(['replicas', 'timeout']);

/** @throws UsageError `invalid_option` */
export function resolveDurability(
  given: RedisStoreOptions['durability'],
  longest: number,
): Durability | undefined {
  if (given === undefined) return undefined;
  assertKnown('durability', given, KNOWN_DURABILITY);
  const { replicas, timeout = 0.1 } = given;
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 100) {
    throw new UsageError(
      'invalid_option',
      `durability.replicas: ${formatValue(replicas)} must be a whole number from 1 to 100.`,
    );
  }
  const wait = parseDuration('durability.timeout', timeout, { min: 1, max: longest });
  return Object.freeze({ replicas, timeout: wait });
}
