import {
  type Clock,
  type Duration,
  type Logger,
  type RandomBytes,
  type RegisteredData,
  type StandardSchema,
  UsageError,
} from '@sess/core';
import {
  createRedactingLogger,
  resolveClock,
  resolveLogger,
  resolveRandom,
  resolveSchema,
  resolveSubjectPepper,
} from '@sess/core/engine';
import { assertKnown, parseDuration, showDuration } from '@sess/core/options';
import type { Denylist } from '@sess/core/store';
import {
  assertDenylist,
  resolveOnDenylistError,
  resolveTokenOptions,
  type TokenOptions,
  type TokenSettings,
  VERIFIER_OPTIONS,
} from '../options.js';

/** Options of `createStatelessSessions`. */
export interface StatelessOptions<Data extends object = RegisteredData> extends TokenOptions {
  /** How long a token lives, and so a session that is not refreshed. Default: `'1h'`, or absoluteTtl if that is less. */
  readonly ttl?: Duration;
  /** A session ends so long after the sign-in, however often it is refreshed. Default: `'90d'`, or ttl if that is more. */
  readonly absoluteTtl?: Duration;
  /**
   * How long a token that was exchanged still answers with its successor, so that tabs that refresh at once get the
   * same one. Default: `'10s'`. Without a denylist every refresh makes a token of its own.
   */
  readonly grace?: Duration;
  /**
   * What ends tokens before they expire. Default: nothing, and whatever would revoke throws `NotRevocableError`.
   * `memoryDenylist()` is for one process, `redisDenylist(client)` of `@sess/redis` for many.
   */
  readonly denylist?: Denylist;
  /** What a denylist that does not answer means. Default: `'fail'` (503); `'accept'` takes tokens at their word. */
  readonly onDenylistError?: 'fail' | 'accept';
  /** Any Standard Schema: checks and types session data when it is signed. It becomes the token's claims. */
  readonly data?: StandardSchema<Data>;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings go to the process's warnings. */
  readonly logger?: Logger;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: the operating system's generator. */
  readonly random?: RandomBytes;
  /** Keys the subject's tag within session ids, so that it confirms no guess of a subject. At least 16 characters. */
  readonly subjectPepper?: string;
}

/** The options once validated and defaulted; times are milliseconds. */
export interface StatelessSettings extends TokenSettings {
  readonly ttl: number;
  readonly absoluteTtl: number;
  readonly grace: number;
  readonly denylist: Denylist | undefined;
  readonly onDenylistError: 'fail' | 'accept';
  readonly schema: StandardSchema<object> | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly subjectPepper: string | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof StatelessOptions>([
  'keys',
  ...VERIFIER_OPTIONS,
  'ttl',
  'absoluteTtl',
  'grace',
  'denylist',
  'onDenylistError',
  'data',
  'logger',
  'clock',
  'random',
  'subjectPepper',
]);

const DEFAULT_TTL = 3_600_000;
const DEFAULT_ABSOLUTE_TTL = 90 * 86_400_000;

/** @throws UsageError `invalid_option` */
export function resolveStatelessOptions<Data extends object>(
  options: StatelessOptions<Data>,
): StatelessSettings {
  assertKnown('createStatelessSessions', options, KNOWN);
  const { denylist, grace = '10s' } = options;
  // A default gives way to what was written; two written values that disagree are a mistake.
  const written = options.ttl === undefined ? 0 : parseDuration('ttl', options.ttl);
  const absoluteTtl = parseDuration(
    'absoluteTtl',
    options.absoluteTtl === undefined
      ? Math.max(DEFAULT_ABSOLUTE_TTL, written) / 1_000
      : options.absoluteTtl,
  );
  const ttl = options.ttl === undefined ? Math.min(DEFAULT_TTL, absoluteTtl) : written;
  if (ttl > absoluteTtl) {
    throw new UsageError(
      'invalid_option',
      `ttl (${showDuration(ttl)}) is beyond absoluteTtl (${showDuration(absoluteTtl)}). Write at most ${showDuration(absoluteTtl)}, or a longer absoluteTtl.`,
    );
  }
  assertDenylist(denylist);
  return Object.freeze({
    ...resolveTokenOptions(options),
    ttl,
    absoluteTtl,
    grace: parseDuration('grace', grace, { min: 0, max: 3_600_000 }),
    denylist,
    onDenylistError: resolveOnDenylistError(options.onDenylistError),
    schema: resolveSchema(options.data),
    logger: createRedactingLogger(resolveLogger(options.logger)),
    clock: resolveClock(options.clock),
    random: resolveRandom(options.random),
    subjectPepper: resolveSubjectPepper(options.subjectPepper),
  });
}
