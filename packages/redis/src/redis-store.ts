import { randomBytes } from 'node:crypto';
import type { SessionStore } from '@sess/core/store';
import { describeRisks } from './client/client-settings.js';
import { openOwnConnection } from './client/own-connection.js';
import { createPort, type RedisClient } from './client/redis-port.js';
import { assertTrackable } from './near-cache/keeper.js';
import { withNearCache } from './near-cache/near-cache.js';
import { type RedisStoreOptions, resolveOptions } from './options.js';
import { withReapply } from './reapply/reapply-store.js';
import { createScriptStore } from './script-store.js';
import { createDurableChannel, createPlainChannel } from './write-channel.js';

/**
 * Sessions on Redis or Valkey: a single server, Sentinel, or a Cluster. All sessions of a subject live in one
 * HASH, so every operation is one command on one key, and atomic.
 *
 * The client stays the caller's: the store neither connects nor closes it. Give it the options of
 * `failFast`, or requests will wait where they should be answered 503; a client that may hang or re-send is
 * named in a warning.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): SessionStore {
  const { keyPrefix, timeout, durability, nearCache } = resolveOptions(options);
  const port = createPort(client);
  // First what may refuse the client, then what opens a connection to it.
  if (nearCache !== undefined) assertTrackable(client);
  const own = durability === undefined ? undefined : openOwnConnection(client);
  const durable =
    own === undefined || durability === undefined
      ? createPlainChannel(port)
      : createDurableChannel(own.port, durability);

  const plain = createScriptStore({ port, durable, keyPrefix, timeout });
  const near =
    nearCache === undefined
      ? plain
      : withNearCache(plain, { client, keyPrefix, settings: nearCache });
  const store = withReapply(near, {
    removeUpTo: near.removeUpTo,
    onReconnect: (listener) => port.onReconnect?.(listener) ?? (() => {}),
    createOperation: () => randomBytes(12).toString('base64url'),
  });

  let isOpen = false;
  return {
    ...store,
    open(context) {
      store.open?.(context);
      if (isOpen) return;
      isOpen = true;
      for (const risk of describeRisks(client)) context.logger.warn({}, risk);
    },
    async close() {
      try {
        await store.close();
      } finally {
        await own?.close();
      }
    },
  };
}
