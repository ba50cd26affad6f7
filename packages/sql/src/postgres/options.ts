import {
  type NearCacheOptions,
  type NearCacheSettings,
  nearCacheOption,
  option,
  type Reader,
  type Readers,
} from '@sess/core/internal';
import { schemaOption } from '../store/names.js';
import { type SqlStoreOptions, STORE_READERS } from '../store/options.js';
import type { PostgresClient } from './port.js';

/** The size of a near cache, and where it listens. */
export interface PostgresNearCacheOptions extends NearCacheOptions {
  /**
   * A client whose address leads to the server itself: a pooler in transaction mode delivers no notices. Default: the
   * client of the store.
   */
  readonly listenOn?: PostgresClient;
}

/** Options of `postgresStore`. */
export interface PostgresStoreOptions extends SqlStoreOptions {
  /** Schema of the tables. Default: the first of the connection's `search_path`. */
  readonly schema?: string;
  /**
   * Whether statements are prepared once a connection. `false` for poolers in transaction mode (PgBouncer), at the cost
   * of planning each statement. Default: `true`.
   */
  readonly prepare?: boolean;
  /**
   * Verifies from memory for as long as the server is proven to report changes. A revocation elsewhere is effective
   * within the latency of a notice, about a millisecond. Default: off. Takes one more connection; `migrate()` creates
   * triggers, which make every renewal and revocation of all writers dearer.
   */
  readonly nearCache?: PostgresNearCacheOptions | boolean;
}

/** The near cache of a store. */
export interface PostgresNearCache {
  readonly settings: NearCacheSettings;
  readonly listenOn: PostgresClient | undefined;
}

/** The readers of connection options. */
export const CONNECTION_READERS: {
  readonly schema: Reader<string | undefined>;
  readonly prepare: Reader<boolean>;
} = {
  schema: schemaOption,
  prepare: option<boolean>({
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
    default: () => true,
  }),
};

const readNearCache: Reader<PostgresNearCache | undefined> = (name, value) => {
  if (typeof value !== 'object' || value === null) {
    const settings = nearCacheOption(name, value);
    return settings && { settings, listenOn: undefined };
  }
  const { listenOn, ...size } = value as PostgresNearCacheOptions;
  const settings = nearCacheOption(name, size);
  return settings && { settings, listenOn };
};

/** The readers of all options of `postgresStore`. */
export const POSTGRES_READERS: typeof STORE_READERS &
  typeof CONNECTION_READERS & { readonly nearCache: Reader<PostgresNearCache | undefined> } = {
  ...STORE_READERS,
  ...CONNECTION_READERS,
  nearCache: readNearCache,
} satisfies Readers<PostgresStoreOptions>;
