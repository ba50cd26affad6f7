import { type Duration, UsageError } from '@sess/core';
import { assertKnown, formatValue, parseDuration } from '@sess/core/options';

/** How much is kept in memory, and for how long. */
export interface NearCacheOptions {
  /** How many sessions at most; those that were not asked for lately go first. Default: 100,000. */
  readonly maxEntries?: number;
  /**
   * After how long a session is read again, whatever the server has or has not said. Default: `'30s'`; at
   * most `'1h'`. It is the bound for the one fault that no heart-beat shows: an old master of a Cluster that
   * is cut off from the rest, but not from here.
   */
  readonly maxAge?: Duration;
}

export interface NearCacheSettings {
  readonly maxEntries: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof NearCacheOptions>(['maxEntries', 'maxAge']);

const LONGEST_AGE = 3_600_000;
/** What a Map can still hold. */
const MOST_ENTRIES = 10_000_000;

/**
 * Reads the option `nearCache`; `undefined` where it is off.
 *
 * @throws UsageError `invalid_option`
 */
export function resolveNearCache(
  given: NearCacheOptions | boolean | undefined,
): NearCacheSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  assertKnown('nearCache', options, KNOWN);
  const { maxEntries = 100_000, maxAge = '30s' } = options;
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MOST_ENTRIES) {
    throw new UsageError(
      'invalid_option',
      `nearCache.maxEntries: ${formatValue(maxEntries)} will not do. Write a whole number from 1 to ${MOST_ENTRIES}.`,
    );
  }
  return Object.freeze({
    maxEntries,
    maxAge: parseDuration('nearCache.maxAge', maxAge, { max: LONGEST_AGE }),
  });
}
