import { type Duration, UsageError } from '@sess/core';
import {
  duration,
  formatShort,
  integer,
  option,
  parseDuration,
  type Reader,
  type Readers,
  readOptions,
} from '@sess/core/internal';
import type { Durability } from './client/run-script.js';

/** Options of `scriptStore`. */
export interface ScriptStoreOptions {
  /** Prefix of every key. Default: `'sess:'`. Braces are refused, because they move all keys to one slot. */
  readonly keyPrefix?: string;
  /**
   * Time after which a call is given up, which results in 503. Default: `'1s'`; at most `'30s'`. A write that was given
   * up is not executed later.
   */
  readonly timeout?: Duration;
  /**
   * Waits after each rotation and revocation until replicas have it. Default: none, so that a failover may lose the
   * newest ones. A write that is not confirmed in time has still been made on the primary: the engine emits
   * `unconfirmed`. Costs a round trip to the replicas; not for a Cluster.
   */
  readonly durability?: {
    /** Number of replicas, from 1 to 100. */
    readonly replicas: number;
    /** Time to wait for them. Default: 0.1, a tenth of a second; at most the timeout of the store. */
    readonly timeout?: Duration;
  };
}

/** The options of `scriptStore` with their defaults. */
export interface ScriptStoreSettings {
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly durability: Durability | undefined;
}

const MIN_TIMEOUT_MS = 10;
const MAX_TIMEOUT_MS = 30_000;
const DURABILITY_TIMEOUT_S = 0.1;

/** Returns a reader for `keyPrefix`. */
export function keyPrefixOption(fallback: string): Reader<string> {
  return option<string>({
    expected: `1 to 128 characters without braces and white space, as in ${formatShort(fallback)}`,
    accepts: (value) =>
      typeof value === 'string' && value !== '' && value.length <= 128 && !/[{}\s]/.test(value),
    default: () => fallback,
  });
}

/** Reads `timeout`. It returns milliseconds. */
export const timeoutOption: Reader<number> = duration({
  default: '1s',
  min: MIN_TIMEOUT_MS,
  max: MAX_TIMEOUT_MS,
});

const DURABILITY_READERS = {
  replicas: integer({ min: 1, max: 100, default: 0 }),
  timeout: (name: string, value: unknown) =>
    parseDuration(name, value === undefined ? DURABILITY_TIMEOUT_S : value, {
      min: 1,
      max: MAX_TIMEOUT_MS,
    }),
} satisfies Readers<NonNullable<ScriptStoreOptions['durability']>>;

/** Reads `durability`. */
export const durabilityOption: Reader<Durability | undefined> = (_name, value) => {
  if (value === undefined) return undefined;
  const durability = readOptions('durability', value, DURABILITY_READERS, 'durability.');
  if (durability.replicas > 0) return durability;
  throw new UsageError(
    'invalid_option',
    'durability.replicas: expected a whole number from 1 to 100, got undefined.',
  );
};

/**
 * Refuses a wait for replicas that is longer than the timeout of the call it is part of.
 *
 * @throws {UsageError} invalid_option
 */
export function assertDurabilityFits(durability: Durability | undefined, timeout: number): void {
  if (durability === undefined) return;
  parseDuration('durability.timeout', durability.timeout / 1_000, { min: 1, max: timeout });
}

/** The readers of all options of `scriptStore`. */
export const STORE_READERS: {
  readonly keyPrefix: Reader<string>;
  readonly timeout: Reader<number>;
  readonly durability: Reader<Durability | undefined>;
} = {
  keyPrefix: keyPrefixOption('sess:'),
  timeout: timeoutOption,
  durability: durabilityOption,
} satisfies Readers<ScriptStoreOptions>;

/**
 * Returns the options of `scriptStore` with their defaults.
 *
 * @throws {UsageError} invalid_option
 */
export function resolveStoreOptions(options: ScriptStoreOptions): ScriptStoreSettings {
  const settings = readOptions('scriptStore', options, STORE_READERS);
  assertDurabilityFits(settings.durability, settings.timeout);
  return settings;
}
