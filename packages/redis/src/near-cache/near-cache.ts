import {
  createSessionCache,
  type NearCacheContext,
  type NearCacheOptions,
  resolveNearCache,
  withSessionCache,
} from '@sess/core/internal';
import { createPort, type RedisClient } from '../client/port.js';
import type { RedisSessionStore } from '../replayable-store.js';
import { openInvalidation } from './invalidation.js';
import { createTopology } from './topology.js';

/**
 * Asserts that a near cache can be built on a client.
 *
 * @throws {UsageError} invalid_option if no tracking connection can be opened from the client
 */
export function assertTrackable(client: RedisClient): void {
  createTopology(client);
}

/**
 * Returns how a near cache listens to a server: by `CLIENT TRACKING … BCAST`, which pushes the keys that change.
 *
 * @throws {UsageError} invalid_option if no tracking connection can be opened from the client
 */
export function createTracking(given: {
  readonly client: RedisClient;
  readonly keyPrefix: string;
}): Pick<NearCacheContext<never>, 'openInvalidation'> {
  const { client, keyPrefix } = given;
  const context = { topology: createTopology(client), port: createPort(client), keyPrefix };
  return { openInvalidation: (listener) => openInvalidation(context, listener) };
}

/**
 * Adds a near cache to a session store. It serves `getCached`; everything else is sent to the server. Takes one more
 * connection to each primary.
 *
 * @throws {UsageError} invalid_option if an option is wrong, or no tracking connection can be opened from the client
 */
export function withNearCache(
  store: RedisSessionStore,
  options: NearCacheOptions = {},
): RedisSessionStore {
  const cache = createSessionCache({
    settings: resolveNearCache(options),
    ...createTracking(store.connection()),
  });
  return {
    ...store,
    ...withSessionCache(store, cache),
    removeUpTo: (tag, ...rest) => cache.writing(tag, () => store.removeUpTo(tag, ...rest)),
  };
}
