import { type Duration, UsageError } from '@sess/core';
import { assertKnown, parseDuration } from '@sess/core/options';

/** How a Redis store behaves. */
export interface RedisStoreOptions {
  /** What every key begins with. Default: `'sess:'`. Braces are refused: they would move all keys to one slot. */
  readonly keyPrefix?: string;
  /**
   * After how long the store gives up on a call, and answers 503. Default: `'1s'`; at most `'30s'`. What was
   * given up on does not happen later.
   */
  readonly timeout?: Duration;
}

export interface RedisStoreSettings {
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof RedisStoreOptions>(['keyPrefix', 'timeout']);

/** @throws UsageError `invalid_option` */
export function resolveOptions(options: RedisStoreOptions): RedisStoreSettings {
  assertKnown('redisStore', options, KNOWN);
  const { keyPrefix = 'sess:' } = options;
  if (
    typeof keyPrefix !== 'string' ||
    keyPrefix === '' ||
    keyPrefix.length > 128 ||
    /[{}\s]/.test(keyPrefix)
  ) {
    throw new UsageError(
      'invalid_option',
      `keyPrefix: ${JSON.stringify(keyPrefix)} will not do. Write 1 to 128 characters without braces and white space, as in 'sess:'.`,
    );
  }
  const timeout = parseDuration('timeout', options.timeout ?? '1s', { min: 10, max: 30_000 });
  return Object.freeze({ keyPrefix, timeout });
}
