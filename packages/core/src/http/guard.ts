import { UsageError } from '../errors.js';
import type { RegisteredData, Session } from '../types.js';
import {
  type Duration,
  duration,
  formatShort,
  isArrayOf,
  oneOf,
  option,
  optionError,
  type Reader,
  type Readers,
  readOptions,
} from '../util/options.js';
import { isProofName, PROOF_NAME } from '../util/proof-name.js';
import type { Reply } from './exchange.js';
import type { RequestSession } from './request-session.js';
import { safeReturn } from './return-path.js';

/** What a guarded route requires beyond a session. */
export interface GuardOptions<Data extends object = RegisteredData> {
  /**
   * Longest time since the user last authenticated (RFC 9470). Default: any time. An older session gets a 401 with a
   * challenge; `elevate` renews it.
   */
  readonly authenticatedWithin?: Duration;
  /**
   * The authentication context classes of which the session must have one, the preferred one first (RFC 9470). Default:
   * any, or none. Other sessions get a 401 with a challenge; `elevate({ acr })` sets the class.
   */
  readonly acr?: string | readonly string[];
  /**
   * Where a browser is sent that asks for a page without a session: a path on this site, which gets the page's path as
   * `return_to` (see `safeReturn`). Default: no redirect. Other requests get the 401.
   */
  readonly redirectTo?: string;
  /** `true`: the session has to be bound to a key, as by `@sess/bound`; others get a 403. Default: `false`. */
  readonly bound?: boolean;
  /** A further condition. `false` responds with 403. It must return a boolean synchronously. */
  readonly where?: (session: Session<Data>) => boolean;
}

/** Checks a request, and returns the reply that refuses it or `undefined`. */
export type Guard = (request: RequestSession) => Reply | undefined | Promise<Reply | undefined>;

/** The options of a guard, validated. */
export interface Requirements {
  /** Milliseconds. Absent: any age. */
  readonly maxAgeMs?: number | undefined;
  /** The classes that are accepted. Absent: any. */
  readonly acr?: readonly string[] | undefined;
  readonly bound?: boolean;
  readonly where?: ((session: Session<never>) => boolean) | undefined;
  readonly redirectTo?: string | undefined;
}

/** Registered, so that a request of another copy of this package is recognised and checked by that copy. */
export const CHECK: unique symbol = Symbol.for('sess.check-request');
/** Registered too: the engine of a request. */
export const ENGINE: unique symbol = Symbol.for('sess.request-engine');

interface Checkable {
  readonly [CHECK]: (requirements: Requirements) => ReturnType<Guard>;
  readonly [ENGINE]: unknown;
}

const acrOption: Reader<readonly string[] | undefined> = (name, value) => {
  if (value === undefined) return undefined;
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length > 0 && isArrayOf(names, isProofName)) return Object.freeze([...names]);
  throw optionError({ option: name, expected: `${PROOF_NAME}, or an array of them`, value });
};

const GUARD_OPTIONS = {
  authenticatedWithin: duration(),
  acr: acrOption,
  redirectTo: option<string>({
    expected: "a path on this site such as '/login'",
    accepts: (value) => safeReturn(value) !== undefined,
  }),
  bound: oneOf(false, true),
  where: option<(session: Session<never>) => boolean>({
    expected: 'a function of the session that returns true or false',
    accepts: (value) => typeof value === 'function',
  }),
} satisfies Readers<GuardOptions>;

/**
 * Creates the check of a guarded route. For adapters.
 *
 * @throws {UsageError} `invalid_option`
 */
export function createGuard<Data extends object>(options: GuardOptions<Data> = {}): Guard {
  const { authenticatedWithin: maxAgeMs, ...others } = readOptions(
    'requireSession',
    options,
    GUARD_OPTIONS,
  );
  const requirements: Requirements = Object.freeze({ maxAgeMs, ...others });
  return (request) => (request as unknown as Checkable)[CHECK](requirements);
}

/** True if `value` was made by `createRequest`, of this copy of the package or of another. For adapters. */
export function isRequestSession(value: unknown): value is RequestSession {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Checkable>)[CHECK] === 'function'
  );
}

/**
 * Refuses a request that an earlier middleware has given a session of another engine: the guard of one would let pass
 * the users of the other. The same engine twice is accepted.
 *
 * @throws {UsageError} `middleware_conflict`
 */
export function assertSameEngine(previous: unknown, sessions: unknown): void {
  if (!isRequestSession(previous)) return;
  if ((previous as unknown as Checkable)[ENGINE] === sessions) return;
  throw new UsageError(
    'middleware_conflict',
    'sessionMiddleware: expected one engine on the path of a request, got two. Mount each on separate paths.',
  );
}

/** `where` must return a boolean synchronously: a promise would always be truthy. */
export function assertBoolean(result: unknown): boolean {
  if (typeof result === 'boolean') return result;
  throw new UsageError(
    'invalid_argument',
    `requireSession: expected where to return true or false, got ${formatShort(result)}. Load what it needs before the guard.`,
  );
}
