import type { AccessTokens } from './access-tokens.js';
import { UsageError } from './errors.js';
import {
  accessTokenOption,
  clockOption,
  loggerOption,
  randomOption,
  schemaOption,
  storeOption,
  subjectPepperOption,
} from './option-readers.js';
import type { SessionStore, SubjectLimit } from './store/store.js';
import type { RandomBytes } from './token/crypto.js';
import type { RegisteredData, Session } from './types.js';
import type { Clock } from './util/clock.js';
import { DEFAULT_DATA_LENGTH, MAX_LENGTH, type StandardSchema } from './util/json.js';
import { createRedactingLogger, type Logger } from './util/logger.js';
import {
  type Duration,
  duration,
  integer,
  oneOf,
  option,
  type Readers,
  readOptions,
  showDuration,
} from './util/options.js';

type MaybePromise<Value> = Value | Promise<Value>;

/** Brings data of an older shape to the current one. `undefined` ends the session. */
export type Migrate = (data: object, session: Session<object>) => object | undefined;

/** Options of a session engine. Everything has a default; a wrong value throws at construction. */
export interface SessionsOptions<Data extends object = RegisteredData> {
  /** Where sessions are kept. Default: `memoryStore()`, which forgets all sessions when the process ends. */
  readonly store?: SessionStore;
  /** The kind of access token. Default: `opaque()`, looked up at every verification. */
  readonly accessToken?: AccessTokens;
  /**
   * How long an access token is valid. Default: `'15m'`, or half of `idleTtl` if that is less. A written value must be
   * less than `idleTtl`: tokens are refreshed when they expire, and only a refresh moves the idle deadline.
   */
  readonly accessTtl?: Duration;
  /**
   * A session ends if it has not been refreshed for this long. Default: `'7d'`, or `absoluteTtl` if that is less. At
   * most `'400d'`, the longest lifetime of a cookie.
   */
  readonly idleTtl?: Duration;
  /** A session ends this long after the sign-in, even if it is in use. `elevate` restarts it. Default: `'90d'`. */
  readonly absoluteTtl?: Duration;
  /**
   * How long a spent refresh token still returns its successor: longer than the slowest exchange of an honest client.
   * Default: `'10s'`, at most `'1h'` and half of `idleTtl`. A longer grace forgives more, and hides a thief for that
   * long. While eight rotations lie within it, a further one waits.
   */
  readonly grace?: Duration;
  /**
   * With a cookie transport: the age at which the cookie is renewed. Default: `accessTtl`. At most half of `idleTtl`,
   * because only a renewal moves the idle deadline. A shorter time finds a copied cookie earlier.
   */
  readonly renewAfter?: Duration;
  /**
   * With a cookie transport: how long a spent cookie is accepted for single requests, without being renewed: longer than
   * the slowest exchange of an honest browser. Default: `'5m'`, at most 6 × `renewAfter`.
   */
  readonly overlap?: Duration;
  /**
   * How long earlier access tokens stay valid after a rotation. Default: until they expire. `'0s'` ends them
   * immediately: tabs that share a sign-in then fail each other's requests.
   */
  readonly accessOverlap?: Duration;
  /** The number of live sessions that a subject may have. Default: 100. */
  readonly maxPerSubject?: number;
  /**
   * What happens at the limit. Default: `'evict-oldest'` ends the session that was not used for the longest time.
   * `'reject'` makes `create` throw `SessionLimitError`.
   */
  readonly onLimit?: 'evict-oldest' | 'reject';
  /**
   * Any Standard Schema (zod, valibot, arktype): checks and types session data at every write, and gives stored data of
   * an older shape its defaults when it is read, unless it is asynchronous. Default: any JSON.
   */
  readonly data?: StandardSchema<Data>;
  /**
   * Characters of JSON that session data may have. Default: 8192, enough for a role, a tenant and settings; at most
   * 131072. Larger data makes every read and list slower, and belongs into a database.
   */
  readonly maxDataLength?: number;
  /**
   * Brings data of an older shape to the current one, whenever a session is read. Return the data itself if it is
   * current. `undefined` ends the session; a throw, or a result that `data` refuses, is a `StoreUnavailableError`, and
   * the session stays. Synchronous.
   */
  readonly migrate?: (data: object, session: Session<object>) => Data | undefined;
  /**
   * Called and awaited before each rotation, not for replays. `false` ends the session: `refresh` returns the reason
   * `revoked`. A returned object replaces the data. A throw is a `StoreUnavailableError`, and the session stays.
   */
  readonly onRefresh?: (session: Session<Data>) => MaybePromise<Data | false | undefined>;
  /**
   * Separates two applications that share a store: hashed into the tag of each subject, 1 to 64 characters. Default:
   * none, so that applications on one store share the sessions of equal subjects. After a change, `list` and
   * `revokeAll` no longer find earlier sessions.
   */
  readonly namespace?: string;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings and errors become process warnings. */
  readonly logger?: Logger;
  /** A source of time. Default: the machine's. */
  readonly clock?: Clock;
  /** A source of random bytes. Default: the operating system's generator. */
  readonly random?: RandomBytes;
  /**
   * Keys the subject's tag within session ids, so that a tag cannot be used to confirm a guessed subject. At least 16
   * characters. Default: none. After a change, `list` and `revokeAll` no longer find earlier sessions.
   */
  readonly subjectPepper?: string;
}

/** The options once validated and defaulted; times are milliseconds. */
export interface Settings {
  readonly store: SessionStore;
  readonly accessToken: AccessTokens;
  readonly accessTtl: number;
  readonly idleTtl: number;
  readonly absoluteTtl: number;
  readonly grace: number;
  readonly renewAfter: number;
  readonly overlap: number;
  readonly accessOverlap: number;
  readonly limit: SubjectLimit;
  readonly schema: StandardSchema<object> | undefined;
  readonly maxDataLength: number;
  readonly migrate: Migrate | undefined;
  readonly onRefresh: ((session: Session<never>) => unknown) | undefined;
  readonly namespace: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly subjectPepper: string | undefined;
}

const DAY_MS = 86_400_000;
/** Browsers cut a cookie's lifetime to this (draft-ietf-httpbis-rfc6265bis, section 5.5). */
export const MAX_COOKIE_MS: number = 400 * DAY_MS;
const DEFAULT_ACCESS_TTL_MS = 15 * 60_000;
const DEFAULT_OVERLAP_MS = 5 * 60_000;
const DEFAULT_IDLE_TTL_MS = 7 * DAY_MS;
/** Longer lifetimes are mostly milliseconds that were written for seconds. */
const SUSPICIOUS_ABSOLUTE_TTL_MS = 3_650 * DAY_MS;

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

const READERS = {
  store: storeOption,
  accessToken: accessTokenOption,
  accessTtl: duration(),
  idleTtl: duration({ max: MAX_COOKIE_MS }),
  absoluteTtl: duration({ default: '90d' }),
  grace: duration({ default: '10s', min: 0, max: 3_600_000 }),
  renewAfter: duration(),
  overlap: duration({ min: 0 }),
  accessOverlap: duration({ min: 0 }),
  maxPerSubject: integer({ min: 1, max: 10_000_000, default: 100 }),
  onLimit: oneOf('evict-oldest', 'reject'),
  data: schemaOption,
  maxDataLength: integer({ min: 64, max: MAX_LENGTH, default: DEFAULT_DATA_LENGTH }),
  migrate: option<Migrate>({ expected: 'a function', accepts: isFunction }),
  onRefresh: option<(session: Session<never>) => unknown>({
    expected: 'a function',
    accepts: isFunction,
  }),
  namespace: option<string>({
    expected: 'a string of 1 to 64 characters',
    accepts: (value) => typeof value === 'string' && value.length >= 1 && value.length <= 64,
  }),
  logger: loggerOption,
  clock: clockOption,
  random: randomOption,
  subjectPepper: subjectPepperOption,
} satisfies Readers<SessionsOptions>;

/**
 * Returns the settings of an engine.
 *
 * @throws {UsageError} invalid_option if a value is wrong, or if two values contradict each other
 */
export function readSessionsOptions<Data extends object>(options: SessionsOptions<Data>): Settings {
  const values = readOptions('createSessions', options, READERS);
  const { absoluteTtl, accessToken } = values;
  // A default gives way to what was written; two written values that disagree are a mistake.
  const idleTtl = values.idleTtl ?? Math.min(DEFAULT_IDLE_TTL_MS, absoluteTtl);
  if (idleTtl > absoluteTtl) {
    throw new UsageError(
      'invalid_option',
      `idleTtl (${showDuration(idleTtl)}) is beyond absoluteTtl (${showDuration(absoluteTtl)}). Write an idleTtl of at most ${showDuration(absoluteTtl)}, or a longer absoluteTtl.`,
    );
  }
  const written = readAccessTtl(values.accessTtl, accessToken);
  if (written !== undefined && written >= idleTtl) {
    throw new UsageError(
      'invalid_option',
      `accessTtl (${showDuration(written)}) must be less than idleTtl (${showDuration(idleTtl)}): a session is refreshed when its access token expires, and would end before. Write an accessTtl of at most ${showDuration(idleTtl / 2)}, or a longer idleTtl.`,
    );
  }
  const accessTtl = written ?? Math.min(DEFAULT_ACCESS_TTL_MS, Math.ceil(idleTtl / 2));
  const logger = createRedactingLogger(values.logger);
  warnOfLifetimes({ accessTtl, idleTtl, absoluteTtl, logger });
  return Object.freeze({
    store: values.store,
    accessToken,
    accessTtl,
    idleTtl,
    absoluteTtl,
    // A rotation waits for up to a grace, and a session must not end by that.
    grace: Math.min(values.grace, Math.floor(idleTtl / 2)),
    ...readRenewal({ renewAfter: values.renewAfter, overlap: values.overlap, accessTtl, idleTtl }),
    accessOverlap: values.accessOverlap ?? accessTtl,
    limit: Object.freeze({ max: values.maxPerSubject, onLimit: values.onLimit }),
    schema: values.data,
    maxDataLength: values.maxDataLength,
    migrate: values.migrate,
    onRefresh: values.onRefresh,
    namespace: values.namespace,
    logger,
    clock: values.clock,
    random: values.random,
    subjectPepper: values.subjectPepper,
  });
}

/** Steps that are remembered are few: within `overlap` there must be fewer renewals than that. */
export const MAX_OVERLAP_RATIO = 6;

/** Returns the times of the cookie transport. A default gives way; two written values that disagree are a mistake. */
function readRenewal(given: {
  readonly renewAfter: number | undefined;
  readonly overlap: number | undefined;
  readonly accessTtl: number;
  readonly idleTtl: number;
}): Pick<Settings, 'renewAfter' | 'overlap'> {
  const { accessTtl, idleTtl } = given;
  const latest = Math.floor(idleTtl / 2);
  if (given.renewAfter !== undefined && given.renewAfter > latest) {
    throw new UsageError(
      'invalid_option',
      `renewAfter (${showDuration(given.renewAfter)}) must be at most half of idleTtl (${showDuration(idleTtl)}): only a renewal moves the idle deadline. Write a renewAfter of at most ${showDuration(latest)}, or a longer idleTtl.`,
    );
  }
  const renewAfter = given.renewAfter ?? Math.min(accessTtl, latest);
  const longest = MAX_OVERLAP_RATIO * renewAfter;
  if (given.overlap !== undefined && given.overlap > longest) {
    throw new UsageError(
      'invalid_option',
      `overlap (${showDuration(given.overlap)}) must be at most 6 × renewAfter (${showDuration(renewAfter)}): more renewals than that are not remembered. Write an overlap of at most ${showDuration(longest)}, or a longer renewAfter.`,
    );
  }
  return { renewAfter, overlap: given.overlap ?? Math.min(DEFAULT_OVERLAP_MS, longest) };
}

/** Returns the lifetime that was written here or for the kind of token; both may be written if they agree. */
function readAccessTtl(
  accessTtl: number | undefined,
  { ttl, kind }: AccessTokens,
): number | undefined {
  if (accessTtl === undefined || ttl === undefined || ttl === accessTtl) return accessTtl ?? ttl;
  throw new UsageError(
    'invalid_option',
    `accessTtl (${showDuration(accessTtl)}) and the ttl of ${kind}() (${showDuration(ttl)}) disagree. Write one of them.`,
  );
}

/** Reports values that are allowed and probably not meant, as milliseconds in place of seconds. */
function warnOfLifetimes(
  given: Pick<Settings, 'accessTtl' | 'idleTtl' | 'absoluteTtl' | 'logger'>,
): void {
  const { accessTtl, idleTtl, absoluteTtl, logger } = given;
  if (accessTtl > DAY_MS) {
    logger.warn(
      {},
      `accessTtl is ${inDays(accessTtl)}: a leaked access token is valid for that long. Numbers are seconds`,
    );
  }
  if (accessTtl > Math.ceil(idleTtl / 2)) {
    logger.warn(
      {},
      'accessTtl is more than half of idleTtl: a user who is active may be signed out between two refreshes',
    );
  }
  if (absoluteTtl > SUSPICIOUS_ABSOLUTE_TTL_MS) {
    logger.warn({}, `absoluteTtl is ${inDays(absoluteTtl)}. Numbers are seconds`);
  }
}

function inDays(milliseconds: number): string {
  return `${Math.round((milliseconds / DAY_MS) * 10) / 10} days`;
}
