import type { Duration } from '@sess/core';
import { UsageError } from '@sess/core';
import { parseDuration } from '@sess/core/internal';

/** Options that every SQL store has. */
export interface SqlStoreOptions {
  /** Prefix of the three tables. Lower-case letters, digits and `_`. Default: `'sess'`. */
  readonly table?: string;
  /** After this time the engine gives up on a call, and the statement writes nothing. Default: `'1s'`. */
  readonly timeout?: Duration;
  /**
   * Least time between two deletions of ended sessions, which run beside the writes of this process. `false`: none; call
   * `sweep()` from a scheduler then, or the tables grow. Default: `'10s'`.
   */
  readonly sweep?: Duration | false;
}

/** The shared options, checked and defaulted. */
export interface ResolvedOptions {
  readonly table: string;
  readonly timeout: number;
  readonly sweepInterval: number | undefined;
}

const COMMON = ['table', 'timeout', 'sweep'];

/** @throws {UsageError} `invalid_option` for an unknown name or an unusable value */
export function resolveOptions(
  store: string,
  options: SqlStoreOptions,
  own: readonly string[] = [],
): ResolvedOptions {
  const known = [...COMMON, ...own];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new UsageError(
      'invalid_option',
      `${store}: expected one of the options ${known.join(', ')}, got "${name}".`,
    );
  }
  const { table = 'sess', timeout = '1s', sweep = '10s' } = options;
  return {
    table,
    timeout: parseDuration('timeout', timeout),
    sweepInterval: sweep === false ? undefined : parseDuration('sweep', sweep),
  };
}
