import { type Duration, UsageError } from '@sess/core';
import { assertKnown } from '@sess/core/options';
import {
  type NearCacheOptions,
  type NearCacheSettings,
  resolveNearCache,
} from '../near-cache/options.js';
import {
  type RedisStoreOptions,
  resolveDurability,
  resolveKeyPrefix,
  resolveTimeout,
} from '../options.js';
import type { Durability } from '../write-channel.js';

/** How a denylist on Redis behaves. */
export interface RedisDenylistOptions {
  /**
   * What every key begins with; no other thing's keys may begin with it, those of `redisStore` included. Default:
   * `'sess:deny:'`. Braces are refused: they would move all keys to one slot.
   */
  readonly keyPrefix?: string;
  /**
   * After how long the denylist gives up on a call, and answers 503. Default: `'1s'`; at most `'30s'`. A denial that
   * was given up on may still be written.
   */
  readonly timeout?: Duration;
  /**
   * Waits after every denial until so many replicas have it, as the option of `redisStore` does. Default: none, and a
   * failover may forget the newest ones until they are said again. What is not confirmed in time has happened on
   * the master all the same, and is named in a warning. Not for a Cluster.
   */
  readonly durability?: RedisStoreOptions['durability'];
  /**
   * Lets tokens in from memory, as long as the server's word of every denial is proven to arrive: a denial elsewhere
   * is known here within the invalidation latency, about a millisecond. `maxEntries` counts subjects. Default: off.
   * Takes one more connection to each master.
   */
  readonly nearCache?: NearCacheOptions | boolean;
}

export interface RedisDenylistSettings {
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly durability: Durability | undefined;
  readonly nearCache: NearCacheSettings | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof RedisDenylistOptions>([
  'keyPrefix',
  'timeout',
  'durability',
  'nearCache',
]);

/** @throws UsageError `invalid_option` */
export function resolveDenylistOptions(options: RedisDenylistOptions): RedisDenylistSettings {
  assertKnown('redisDenylist', options, KNOWN);
  const keyPrefix = resolveKeyPrefix(options.keyPrefix, 'sess:deny:');
  if (keyPrefix === 'sess:') {
    throw new UsageError(
      'invalid_option',
      "keyPrefix: 'sess:' is where redisStore() keeps sessions; one would overwrite the other. Leave it out, or end it in something of its own, as in 'sess:deny:'.",
    );
  }
  const timeout = resolveTimeout(options.timeout);
  const durability = resolveDurability(options.durability, timeout);
  const nearCache = resolveNearCache(options.nearCache);
  return Object.freeze({ keyPrefix, timeout, durability, nearCache });
}
