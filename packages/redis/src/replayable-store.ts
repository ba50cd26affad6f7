import type { ReplayableStore } from '@sess/core/internal';
import type { RedisClient } from './client/port.js';

/** The connection that the parts of a store share. */
export interface StoreConnection {
  readonly client: RedisClient;
  /** The prefix of every key, without a prefix that the client adds by itself. */
  readonly keyPrefix: string;
}

/** A session store on Redis, as the near cache and the replay extend it. */
export interface RedisSessionStore extends ReplayableStore {
  /** Returns the client and the key prefix. A method, so that an inspected store does not show the client's password. */
  connection(): StoreConnection;
}
