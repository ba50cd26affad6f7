import type { AccessTokens } from './access-tokens.js';
import type { Clock } from './clock.js';
import { type Duration, parseDuration, showDuration } from './duration.js';
import { invalidOption } from './errors.js';
import { assertKnown } from './known-options.js';
import { createRedactingLogger, type Logger } from './logger.js';
import {
  resolveAccessTokens,
  resolveClock,
  resolveLogger,
  resolveRandom,
  resolveSchema,
  resolveStore,
  resolveSubjectPepper,
} from './option-ports.js';
import type { StandardSchema } from './schema.js';
import { formatValue } from './show.js';
import type { SessionStore, SubjectLimit } from './store/store.js';
import type { RandomBytes } from './token/random.js';
import type { RegisteredData } from './types.js';

/** How a session engine behaves. Everything has a default; a wrong value throws at construction. */
export interface SessionsOptions<Data extends object = RegisteredData> {
  /** Where sessions are kept. Default: `memoryStore()`, which forgets everyone when the process ends. */
  readonly store?: SessionStore;
  /** What access tokens are. Default: `opaque()`, looked up at every verification. */
  readonly accessToken?: AccessTokens;
  /** How long an access token works. Default: `'15m'`. */
  readonly accessTtl?: Duration;
  /** A session ends when it has not been refreshed for so long. Default: `'7d'`, or absoluteTtl if that is less; at most `'400d'`. */
  readonly idleTtl?: Duration;
  /** A session ends so long after the sign-in, whatever its use; only `elevate` starts it anew. Default: `'90d'`. */
  readonly absoluteTtl?: Duration;
  /**
   * How long a spent refresh token still answers with its successor: longer than the slowest exchange
   * of an honest client. Default: `'10s'`. Longer forgives more, and lets a thief hide for as long.
   */
  readonly grace?: Duration;
  /**
   * What earlier access tokens keep of their life after a rotation. Default: all of it; `'0s'` ends them
   * at once, which makes tabs that share one sign-in fail each other's requests.
   */
  readonly accessOverlap?: Duration;
  /** How many live sessions a subject may have. Default: 100. */
  readonly maxPerSubject?: number;
  /** What happens to the one too many. Default: `'evict-oldest'`; `'reject'` makes `create` throw. */
  readonly onLimit?: 'evict-oldest' | 'reject';
  /** Any Standard Schema (zod, valibot, arktype …): checks and types session data at every write. */
  readonly data?: StandardSchema<Data>;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings go to the process's warnings. */
  readonly logger?: Logger;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: the operating system's generator. */
  readonly random?: RandomBytes;
  /**
   * Keys the subject's tag within session ids, so that it confirms no guess of a subject. At least 16 characters. Default:
   * none. Do not change it alone: earlier sessions live on, and `list` and `revokeAll` no longer find them.
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
  readonly accessOverlap: number;
  readonly limit: SubjectLimit;
  readonly schema: StandardSchema<object> | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly subjectPepper: string | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SessionsOptions>([
  'store',
  'accessToken',
  'accessTtl',
  'idleTtl',
  'absoluteTtl',
  'grace',
  'accessOverlap',
  'maxPerSubject',
  'onLimit',
  'data',
  'logger',
  'clock',
  'random',
  'subjectPepper',
]);

/** Browsers cut a cookie's life to this (draft-ietf-httpbis-rfc6265bis, section 5.5). */
const LONGEST_COOKIE = 400 * 86_400_000;
const DEFAULT_ACCESS_TTL = 15 * 60_000;
const DEFAULT_IDLE_TTL = 7 * 86_400_000;

/** @throws UsageError `invalid_option`, with a message that says what to write instead */
export function resolveOptions<Data extends object>(options: SessionsOptions<Data>): Settings {
  assertKnown('createSessions', options, KNOWN);
  const absoluteTtl = parseDuration('absoluteTtl', given(options.absoluteTtl, '90d'));
  // A default gives way to what was written; two written values that disagree are a mistake.
  const idleTtl = parseDuration(
    'idleTtl',
    given(options.idleTtl, Math.min(DEFAULT_IDLE_TTL, absoluteTtl) / 1_000),
    { max: LONGEST_COOKIE },
  );
  if (idleTtl > absoluteTtl) {
    throw invalidOption(
      `idleTtl (${showDuration(idleTtl)}) is beyond absoluteTtl (${showDuration(absoluteTtl)}): no session could live that long. Write an idleTtl of at most ${showDuration(absoluteTtl)}, or a longer absoluteTtl.`,
    );
  }
  const accessToken = resolveAccessTokens(options.accessToken);
  const accessTtl = resolveAccessTtl(options.accessTtl, accessToken);
  const accessOverlap = parseDuration(
    'accessOverlap',
    given(options.accessOverlap, accessTtl / 1_000),
    { min: 0 },
  );
  const grace = parseDuration('grace', given(options.grace, '10s'), { min: 0, max: 3_600_000 });
  return Object.freeze({
    store: resolveStore(options.store),
    accessToken,
    accessTtl,
    idleTtl,
    absoluteTtl,
    grace,
    accessOverlap,
    limit: resolveLimit(given(options.maxPerSubject, 100), given(options.onLimit, 'evict-oldest')),
    schema: resolveSchema(options.data),
    logger: createRedactingLogger(resolveLogger(options.logger)),
    clock: resolveClock(options.clock),
    random: resolveRandom(options.random),
    subjectPepper: resolveSubjectPepper(options.subjectPepper),
  });
}

/** Said in one place, or in both alike. */
function resolveAccessTtl(written: Duration | undefined, { ttl, kind }: AccessTokens): number {
  if (written === undefined) return ttl ?? DEFAULT_ACCESS_TTL;
  const accessTtl = parseDuration('accessTtl', written);
  if (ttl === undefined || ttl === accessTtl) return accessTtl;
  throw invalidOption(
    `accessTtl (${showDuration(accessTtl)}) and the ttl of ${kind}() (${showDuration(ttl)}) disagree. Write one of them.`,
  );
}

function resolveLimit(max: number, onLimit: string): SubjectLimit {
  if (!Number.isInteger(max) || max < 1 || max > 10_000_000) {
    throw invalidOption(
      `maxPerSubject: ${formatValue(max)} must be a whole number from 1 to 10,000,000.`,
    );
  }
  if (onLimit !== 'evict-oldest' && onLimit !== 'reject') {
    throw invalidOption(`onLimit: '${formatValue(onLimit)}' must be 'evict-oldest' or 'reject'.`);
  }
  return Object.freeze({ max, onLimit });
}

/** `null` is a value, and mostly a wrong one: only what is absent takes the default. */
function given<Value>(value: Value | undefined, fallback: Value): Value {
  return value === undefined ? fallback : value;
}
