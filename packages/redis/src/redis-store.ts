import {
  type NearCacheOptions,
  nearCacheOption,
  type Readers,
  readOptions,
} from '@sess/core/internal';
import type { SessionStore } from '@sess/core/store';
import { createPort, type RedisClient } from './client/port.js';
import { assertTrackable, withNearCache } from './near-cache/near-cache.js';
import { type ScriptStoreOptions, STORE_READERS } from './options.js';
import { withReplay } from './replay/replay-store.js';
import { scriptStore } from './store/script-store.js';

/** Options of `redisStore`. */
export interface RedisStoreOptions extends ScriptStoreOptions {
  /**
   * Verifies from memory for as long as the server is proven to report changes. A revocation elsewhere is effective
   * within the invalidation latency, about a millisecond. Default: off. Takes one more connection to each primary.
   */
  readonly nearCache?: NearCacheOptions | boolean;
}

const READERS = {
  ...STORE_READERS,
  nearCache: nearCacheOption,
} satisfies Readers<RedisStoreOptions>;

/**
 * Creates the session store for production on Redis or Valkey: a single server, Sentinel or a Cluster. It is
 * `withReplay(withNearCache(scriptStore(client)))`, the near cache if the option is set.
 *
 * The client belongs to the caller, who connects and closes it. Create it with the options of `failFast`: with others a
 * request may wait where it should fail, and a warning is logged.
 *
 * @throws {UsageError} invalid_option, invalid_argument
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): SessionStore {
  const { nearCache } = readOptions('redisStore', options, READERS);
  const { nearCache: _, ...storeOptions } = options;
  // Everything that may refuse the client comes before the first connection.
  createPort(client);
  if (nearCache !== undefined) assertTrackable(client);
  const store = scriptStore(client, storeOptions);
  const near =
    nearCache === undefined
      ? store
      : withNearCache(store, { ...nearCache, maxAge: nearCache.maxAge / 1_000 });
  return withReplay(near);
}
