import {
  type Duration,
  duration,
  integer,
  type Reader,
  type Readers,
  readOptions,
} from '../util/options.js';

/** The size of a near cache, and how long it serves an entry. */
export interface NearCacheOptions {
  /** Maximum number of sessions; those that were not used lately are evicted. Default: 100,000. */
  readonly maxEntries?: number;
  /** Maximum size in bytes, estimated from the stored text. Default: 64 MiB; at least 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Time after which a session is read again in any case. Default: `'30s'`; at most `'1h'`. It bounds the one fault that
   * no heartbeat reveals: an old primary that is cut off from its successor, but not from this process.
   */
  readonly maxAge?: Duration;
}

/** The options with their defaults. */
export interface NearCacheSettings {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

const MIB = 1024 * 1024;
const MAX_AGE_MS = 3_600_000;

const READERS = {
  maxEntries: integer({ min: 1, max: 10_000_000, default: 100_000 }),
  maxBytes: integer({ min: MIB, max: 64 * 1024 * MIB, default: 64 * MIB }),
  maxAge: duration({ default: '30s', max: MAX_AGE_MS }),
} satisfies Readers<NearCacheOptions>;

/**
 * Returns the options of a near cache with their defaults.
 *
 * @throws {UsageError} invalid_option
 */
export function resolveNearCache(options: NearCacheOptions): NearCacheSettings {
  return readOptions('nearCache', options, READERS, 'nearCache.');
}

/** Reads the option `nearCache`: `true` and an object turn it on. */
export const nearCacheOption: Reader<NearCacheSettings | undefined> = (_name, value) => {
  if (value === undefined || value === false) return undefined;
  return resolveNearCache(value === true ? {} : (value as NearCacheOptions));
};
