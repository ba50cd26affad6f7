import type { Duration } from '@sess/core';
import {
  type NearCacheOptions,
  type NearCacheSettings,
  nearCacheOption,
  type Readers,
  readOptions,
} from '@sess/core/internal';
import type { Durability } from '../client/run-script.js';
import {
  assertDurabilityFits,
  durabilityOption,
  keyPrefixOption,
  type ScriptStoreOptions,
  timeoutOption,
} from '../options.js';

/** Options of `redisDenylist`. */
export interface RedisDenylistOptions {
  /**
   * Prefix of every key, to which `deny:` is added: a session store may have the same one. Default: `'sess:'`. Braces are
   * refused, because they move all keys to one slot.
   */
  readonly keyPrefix?: string;
  /**
   * Time after which a call is given up, which results in 503. Default: `'1s'`; at most `'30s'`. A denial that was given
   * up may still be written.
   */
  readonly timeout?: Duration;
  /**
   * Waits after each denial until replicas have it, like the option of `redisStore`. Default: none, so that a failover
   * may lose the newest denials until they are replayed. An unconfirmed denial is logged. Not for a Cluster.
   */
  readonly durability?: ScriptStoreOptions['durability'];
  /**
   * Accepts tokens from memory for as long as the server is proven to report changes. `maxEntries` counts subjects.
   * Default: off. Takes one more connection to each primary.
   */
  readonly nearCache?: NearCacheOptions | boolean;
}

/** The options with their defaults. */
export interface RedisDenylistSettings {
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly durability: Durability | undefined;
  readonly nearCache: NearCacheSettings | undefined;
}

const READERS = {
  keyPrefix: keyPrefixOption('sess:'),
  timeout: timeoutOption,
  durability: durabilityOption,
  nearCache: nearCacheOption,
} satisfies Readers<RedisDenylistOptions>;

/**
 * Returns the options of `redisDenylist` with their defaults.
 *
 * @throws {UsageError} invalid_option
 */
export function resolveDenylistOptions(options: RedisDenylistOptions): RedisDenylistSettings {
  const settings = readOptions('redisDenylist', options, READERS);
  assertDurabilityFits(settings.durability, settings.timeout);
  return { ...settings, keyPrefix: `${settings.keyPrefix}deny:` };
}
