import type { BoundSessions } from '@sess/core/http';
import { describe } from 'vitest';
import {
  describeApplication,
  describeCredentials,
  describeEndedSession,
} from './adapter/application.js';
import { describeBearer } from './adapter/bearer.js';
import { describeBound } from './adapter/bound.js';
import { describeCookieCaching } from './adapter/cookie-caching.js';
import { describeCookieSources } from './adapter/cookie-sources.js';
import { describeCookieTransport } from './adapter/cookie-transport.js';
import { describeCookies } from './adapter/cookies.js';
import { describeCrowd } from './adapter/crowd.js';
import { describeCsrf } from './adapter/csrf.js';
import { describeDenylistFaults } from './adapter/denylist-faults.js';
import { describeDpop } from './adapter/dpop.js';
import {
  type MakeEngine,
  makeOpaque,
  type SignedEngines,
  type TokenMode,
} from './adapter/engines.js';
import { describeFaults } from './adapter/faults.js';
import { describeGuests } from './adapter/guests.js';
import type { StartHost, Target } from './adapter/host.js';
import { describeJwks } from './adapter/jwks.js';
import { describeOtherOrigins } from './adapter/other-origins.js';
import { describeRefresh } from './adapter/refresh.js';
import { describeRequestSessions } from './adapter/request-sessions.js';
import { describeRevocation } from './adapter/revocation.js';
import { describeRouteTable } from './adapter/route-table.js';
import { describeRoutes } from './adapter/routes.js';
import { describeSignIn } from './adapter/sign-in.js';
import { describeSigned } from './adapter/signed.js';
import { describeStateless } from './adapter/stateless.js';

/** Options of {@link adapterSuite}. */
export interface AdapterSuiteOptions {
  /** Engines with signed tokens, with which the contract runs as well. Default: none. */
  readonly engines?: SignedEngines;
  /**
   * Whether the tests named `protocol` run: those of rules that `@sess/core` implements for every adapter. Default:
   * `true`. `false` is for quick runs, where another adapter runs them.
   */
  readonly protocol?: boolean;
  /** What `dbsc()` of `@sess/bound` returns, for the tests of bound sessions. Default: they do not run. */
  readonly bound?: BoundSessions;
  /** What `dpop({ origin: 'https://api.example.com' })` returns. Default: the tests of bound tokens do not run. */
  readonly dpop?: BoundSessions;
}

/** `adapter`: the code of the adapter decides the result. `protocol`: the core decides it. */
type Mark = 'adapter' | 'protocol';
type Part = readonly [mark: Mark, describePart: (target: Target) => void];

const EVERYWHERE: readonly Part[] = [
  ['adapter', describeBearer],
  ['adapter', describeRouteTable],
  ['adapter', describeSignIn],
  ['adapter', describeCrowd],
  ['adapter', describeApplication],
  ['protocol', describeJwks],
];

const WITH_STORE: readonly Part[] = [
  ...EVERYWHERE,
  ['adapter', describeCookies],
  ['adapter', describeCookieTransport],
  ['adapter', describeGuests],
  ['adapter', describeCookieSources],
  ['adapter', describeCookieCaching],
  ['adapter', describeRequestSessions],
  ['adapter', describeOtherOrigins],
  ['adapter', describeCredentials],
  ['adapter', describeBound],
  ['adapter', describeDpop],
  ['adapter', describeFaults],
  ['protocol', describeRefresh],
  ['protocol', describeRoutes],
  ['protocol', describeCsrf],
];

/** Without a store there is no refresh token, so neither cookie nor rotation, and nothing to list or change. */
const BY_MODE: Readonly<Record<TokenMode, readonly Part[]>> = {
  opaque: WITH_STORE,
  jwt: [
    ...WITH_STORE,
    ['adapter', describeEndedSession],
    ['protocol', describeSigned],
    ['protocol', describeRevocation],
    ['protocol', describeDenylistFaults],
  ],
  stateless: [...EVERYWHERE, ['protocol', describeStateless], ['protocol', describeDenylistFaults]],
};

/**
 * Declares the HTTP contract as tests over real sockets. An adapter has to pass all of it, with each kind of engine.
 *
 * @param startHost mounts the adapter in a small application with the routes that `HostSetup` describes
 */
export function adapterSuite(
  name: string,
  startHost: StartHost,
  { engines, protocol = true, bound, dpop }: AdapterSuiteOptions = {},
): void {
  const { createDenylist, ...signed } = engines ?? {};
  const all: Readonly<Record<string, MakeEngine>> = { opaque: makeOpaque, ...signed };
  const marks: readonly Mark[] = protocol ? ['adapter', 'protocol'] : ['adapter'];
  describe(`HTTP contract: ${name}`, () => {
    describe.each(Object.keys(all) as TokenMode[])('with %s tokens', (mode) => {
      const makeEngine = all[mode] ?? makeOpaque;
      describe.each(marks)('%s', (mark) => {
        for (const [own, describePart] of BY_MODE[mode]) {
          if (own === mark)
            describePart({ startHost, mode, makeEngine, createDenylist, bound, dpop });
        }
      });
    });
  });
}
