import { describe } from 'vitest';
import {
  describeApplication,
  describeCredentials,
  describeEndedSession,
} from './adapter/application.js';
import { describeBearer } from './adapter/bearer.js';
import { describeCookieTransport } from './adapter/cookie-transport.js';
import { describeCookies } from './adapter/cookies.js';
import { describeCrowd } from './adapter/crowd.js';
import { describeCsrf } from './adapter/csrf.js';
import { describeDenylistFaults } from './adapter/denylist-faults.js';
import {
  type MakeEngine,
  makeOpaque,
  type SignedEngines,
  type TokenMode,
} from './adapter/engines.js';
import { describeFaults } from './adapter/faults.js';
import type { StartHost, Target } from './adapter/host.js';
import { describeJwks } from './adapter/jwks.js';
import { describeRefresh } from './adapter/refresh.js';
import { describeRequestSessions } from './adapter/request-sessions.js';
import { describeRevocation } from './adapter/revocation.js';
import { describeRouteTable } from './adapter/route-table.js';
import { describeRoutes } from './adapter/routes.js';
import { describeSignIn } from './adapter/sign-in.js';
import { describeSigned } from './adapter/signed.js';
import { describeStateless } from './adapter/stateless.js';

export interface AdapterSuiteOptions {
  /** Engines of other kinds to run the contract with, beside the one with opaque tokens. Default: none. */
  readonly engines?: SignedEngines;
}

const EVERYWHERE = [
  describeBearer,
  describeRouteTable,
  describeSignIn,
  describeJwks,
  describeCrowd,
  describeApplication,
];

const WITH_STORE = [
  ...EVERYWHERE,
  describeRefresh,
  describeRoutes,
  describeCookies,
  describeCookieTransport,
  describeCsrf,
  describeRequestSessions,
  describeCredentials,
  describeFaults,
];

/** Without a store there is no refresh token, so neither cookie nor rotation, and nothing to list or change. */
const BY_MODE: Readonly<Record<TokenMode, readonly ((target: Target) => void)[]>> = {
  opaque: WITH_STORE,
  jwt: [
    ...WITH_STORE,
    describeSigned,
    describeEndedSession,
    describeRevocation,
    describeDenylistFaults,
  ],
  stateless: [...EVERYWHERE, describeStateless, describeDenylistFaults],
};

/**
 * The HTTP contract as tests over real sockets: every adapter has to pass all of it, with every kind of engine
 * that it is given.
 *
 * @param startHost mounts the adapter in a small application with the routes that `HostSetup` describes
 */
export function adapterSuite(
  name: string,
  startHost: StartHost,
  { engines }: AdapterSuiteOptions = {},
): void {
  const { createDenylist, ...signed } = engines ?? {};
  const all: Readonly<Record<string, MakeEngine>> = { opaque: makeOpaque, ...signed };
  describe(`HTTP contract: ${name}`, () => {
    describe.each(Object.keys(all) as TokenMode[])('with %s tokens', (mode) => {
      const makeEngine = all[mode] ?? makeOpaque;
      for (const describePart of BY_MODE[mode]) {
        describePart({ startHost, mode, makeEngine, createDenylist });
      }
    });
  });
}
