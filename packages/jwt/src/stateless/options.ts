import {
  type Clock,
  type Duration,
  type ElevateInput,
  type Issued,
  type Logger,
  type RefreshResult,
  type RegisteredData,
  type Session,
  type Sessions,
  type StandardSchema,
  UsageError,
} from '@sess/core';
import {
  clockOption,
  createRedactingLogger,
  duration,
  loggerOption,
  type RandomBytes,
  type Readers,
  randomOption,
  readOptions,
  schemaOption,
  showDuration,
  subjectPepperOption,
} from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import type { KeySource } from '../keys/key-set.js';
import {
  denylistOption,
  functionOption,
  keysOption,
  onDenylistErrorOption,
  type TokenOptions,
  toVerifierSettings,
  VERIFIER_READERS,
  type VerifierSettings,
} from '../options.js';

/** What `onRefresh` may return: new data, `false` to end the session, nothing to keep the data. */
type RefreshDecision<Data extends object> = Data | false | undefined;

/** Options of `createStatelessSessions`. */
export interface StatelessOptions<Data extends object = RegisteredData> extends TokenOptions {
  /**
   * How long a token lives, and so a session that is not refreshed. Default: `'1h'`, or `absoluteTtl` if that is less.
   */
  readonly ttl?: Duration;
  /** A session ends this long after the sign-in, even if it is refreshed. Default: `'90d'`, or `ttl` if that is more. */
  readonly absoluteTtl?: Duration;
  /**
   * How long an exchanged token still returns its successor, so that tabs that refresh concurrently get the same one.
   * Default: `'10s'`, at most `'1h'`. Without a denylist every refresh creates a separate token.
   */
  readonly grace?: Duration;
  /**
   * What ends tokens before they expire. Default: none, and methods that revoke throw `NotRevocableError`. Use
   * `memoryDenylist()` for one process, `redisDenylist(client)` of `@sess/redis` for several.
   */
  readonly denylist?: Denylist;
  /** What happens if the denylist does not respond. Default: `'fail'` (503). `'accept'` accepts tokens, ended ones too. */
  readonly onDenylistError?: 'fail' | 'accept';
  /** Any Standard Schema: checks and types session data before it is signed. The data becomes the token's claims. */
  readonly data?: StandardSchema<Data>;
  /**
   * Called and awaited at every refresh, also at one that returns the same successor again. The data that it returns
   * replaces that of the session; `false` ends the session. If it throws, the refresh fails with 503.
   */
  readonly onRefresh?: (
    session: Session<Data>,
  ) => RefreshDecision<Data> | Promise<RefreshDecision<Data>>;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings and errors become process warnings. */
  readonly logger?: Logger;
  /** A source of time. Default: the machine's. */
  readonly clock?: Clock;
  /** A source of random bytes. Default: the operating system's generator. */
  readonly random?: RandomBytes;
  /** Keys the subject's tag within session ids, so that it confirms no guessed subject. At least 16 characters. */
  readonly subjectPepper?: string;
}

/** Sessions that live in their tokens. Methods that need a store throw `NotSupportedError`. */
export interface StatelessSessions<Data extends object = RegisteredData> extends Sessions<Data> {
  /**
   * Exchanges a live access token for the next one. With a denylist, the old token stops working, and concurrent calls
   * get the same successor. Reasons: as of `verify`.
   */
  refresh(accessToken: unknown): Promise<RefreshResult<Data>>;
  /**
   * Denies one token, not its session: the token that it was exchanged for stays valid. Returns `false` for a token that
   * is not valid anyway.
   *
   * @throws {NotRevocableError} not_revocable without a denylist
   */
  revokeToken(accessToken: unknown): Promise<boolean>;
  /**
   * Denies all tokens of a session. Returns `true` for every well-formed id, because ids are not kept.
   *
   * @throws {NotRevocableError} not_revocable without a denylist
   */
  revoke(sid: string): Promise<boolean>;
  /**
   * Denies all tokens of a subject that were issued until now. They are not counted: it returns 1.
   *
   * @throws {NotRevocableError} not_revocable without a denylist
   */
  revokeAll(subject: string, options?: { readonly except?: string }): Promise<number>;
  /**
   * As in `Sessions`, for a session that this engine verified or issued. Without a denylist, earlier tokens stay valid
   * until they expire.
   */
  elevate(
    session: string | Session<Data>,
    given?: ElevateInput<Data>,
  ): Promise<Issued<Data> | undefined>;
}

/** The options once validated and defaulted. Times are milliseconds. */
export interface StatelessSettings extends VerifierSettings {
  readonly keys: KeySource;
  readonly ttl: number;
  readonly absoluteTtl: number;
  readonly grace: number;
  readonly denylist: Denylist | undefined;
  readonly onDenylistError: 'fail' | 'accept';
  readonly data: StandardSchema<object> | undefined;
  readonly onRefresh: RefreshHook | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly subjectPepper: string | undefined;
}

type RefreshHook = (
  session: Session<object>,
) => RefreshDecision<object> | Promise<RefreshDecision<object>>;

const DEFAULT_TTL_MS = 3_600_000;
const DEFAULT_ABSOLUTE_TTL_MS = 90 * 86_400_000;

const READERS = {
  keys: keysOption,
  ...VERIFIER_READERS,
  ttl: duration(),
  absoluteTtl: duration(),
  grace: duration({ default: '10s', min: 0, max: 3_600_000 }),
  denylist: denylistOption,
  onDenylistError: onDenylistErrorOption,
  data: schemaOption,
  onRefresh: functionOption<RefreshHook>('a function of the session'),
  logger: loggerOption,
  clock: clockOption,
  random: randomOption,
  subjectPepper: subjectPepperOption,
} as const satisfies Readers<StatelessOptions>;

/** @throws {UsageError} invalid_option */
export function readStatelessOptions<Data extends object>(
  options: StatelessOptions<Data>,
): StatelessSettings {
  const values = readOptions('createStatelessSessions', options, READERS);
  // A default gives way to a written value; two written values that disagree are an error.
  const absoluteTtl = values.absoluteTtl ?? Math.max(DEFAULT_ABSOLUTE_TTL_MS, values.ttl ?? 0);
  const ttl = values.ttl ?? Math.min(DEFAULT_TTL_MS, absoluteTtl);
  if (ttl > absoluteTtl) {
    throw new UsageError(
      'invalid_option',
      `ttl: expected at most absoluteTtl (${showDuration(absoluteTtl)}), got ${showDuration(ttl)}.`,
    );
  }
  return Object.freeze({
    ...values,
    ...toVerifierSettings(values),
    ttl,
    absoluteTtl,
    logger: createRedactingLogger(values.logger),
  });
}
