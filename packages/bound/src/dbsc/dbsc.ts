import type { Duration } from '@sess/core';
import type { BoundSessions, BoundSettings, RequestClass } from '@sess/core/http';
import { contextOf, duration, optionError, type Readers, readOptions } from '@sess/core/internal';
import { attributesOf, createDbscPort } from './port.js';
import { extendRequest, ROUTES } from './request.js';

/** How sessions are bound to the device of a browser. */
export interface DbscOptions {
  /**
   * How long a cookie of a bound session lives, and so does a copy of it. At least `'5m'`, because browsers sign six
   * proofs in nine minutes, and renew two minutes before the end. Default: `'10m'`.
   */
  readonly boundTtl?: Duration;
}

const MIN_TTL_MS = 300_000;
const MAX_TTL_MS = 24 * 3_600_000;

const readBoundTtl = (min: number) => duration({ min, max: MAX_TTL_MS, default: '10m' });

/**
 * Creates the option `bound` of a middleware with a cookie transport: browsers that know Device Bound Session Credentials
 * register a key at the sign-in, and from then on renew a short cookie by a proof of it. Others ignore one header, and
 * their sessions stay as they are. Every process that takes the cookie needs it.
 *
 * @throws {UsageError} invalid_option
 */
export function dbsc(options: DbscOptions = {}): BoundSessions {
  return createDbsc(options, MIN_TTL_MS);
}

/** Creates the same with another least life of the cookie; for tests. */
export function createDbsc(options: DbscOptions, minTtl: number): BoundSessions {
  const { boundTtl } = readOptions(
    'dbsc',
    options,
    { boundTtl: readBoundTtl(minTtl) } satisfies Readers<DbscOptions>,
    'dbsc: ',
  );
  return Object.freeze({
    routes: ROUTES,
    assertFor,
    open(settings: BoundSettings, sessions: object, Request: RequestClass): RequestClass {
      const context = contextOf(sessions);
      if (context === undefined || settings.cookie === undefined) {
        throw optionError({
          option: 'bound',
          expected: 'an engine with a store',
          value: 'a stateless one',
        });
      }
      const { cookie } = settings;
      return extendRequest(Request, createDbscPort({ context, settings, cookie, boundTtl }));
    },
  });
}

/** @throws {UsageError} invalid_option */
function assertFor({ transport, cookie }: BoundSettings): void {
  if (transport === 'bearer' || cookie === undefined) {
    throw optionError({
      option: 'transport',
      expected: "'cookie' or 'both' with bound: dbsc()",
      value: transport,
      repair: 'A browser binds its cookie only.',
    });
  }
  const attributes = attributesOf(cookie);
  if (!cookie.isSecure || /; Partitioned\b/.test(attributes)) {
    throw optionError({
      option: cookie.isSecure ? 'cookie.partitioned' : 'cookie.secure',
      expected: cookie.isSecure ? 'false with bound: dbsc()' : 'true with bound: dbsc()',
      value: cookie.isSecure,
      repair: 'Browsers bind no such cookie.',
    });
  }
  if (!/; Max-Age=1\b/.test(cookie.write('', 1))) {
    throw optionError({
      option: 'cookie.persistent',
      expected: 'true with bound: dbsc()',
      value: false,
      repair: 'The key outlives the browser session.',
    });
  }
}
