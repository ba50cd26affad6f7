import type { SessionStore, WriteContext } from '@sess/core/store';
import type { RedisClient } from './client/port.js';

/** The connection that the parts of a store share. */
export interface StoreConnection {
  readonly client: RedisClient;
  /** The prefix of every key, without a prefix that the client adds by itself. */
  readonly keyPrefix: string;
}

/** The sessions of a subject that a replay removes. */
export interface RemoveUpToOptions {
  /** The sid that is spared. */
  readonly except: string | undefined;
  /** Sessions created later than this are spared. Epoch milliseconds of the store. */
  readonly cutoff: number;
}

/** The outcome of {@link RedisSessionStore.removeUpTo}. */
export interface RemoveUpToResult {
  readonly status: 'removed' | 'late';
  readonly now: number;
  /** Sessions that were still there. */
  readonly count: number;
}

/** A session store on Redis, as the near cache and the replay extend it. */
export interface RedisSessionStore extends SessionStore {
  /** Returns the client and the key prefix. A method, so that an inspected store does not show the client's password. */
  connection(): StoreConnection;
  /** Removes the sessions of a subject that were created up to a moment, and leaves a mark there. */
  removeUpTo(
    tag: string,
    options: RemoveUpToOptions,
    write: WriteContext,
  ): Promise<RemoveUpToResult>;
  /** Calls `listener` after each reconnect and each change of the primaries. Returns a function that unsubscribes. */
  onReconnect(listener: () => void): () => void;
}
