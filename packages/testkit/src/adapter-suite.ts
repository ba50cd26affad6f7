import { describe } from 'vitest';
import {
  describeApplication,
  describeCredentials,
  describeEndedSession,
} from './adapter-suite/application.js';
import { describeBearer } from './adapter-suite/bearer.js';
import { describeCookies } from './adapter-suite/cookies.js';
import { describeCrowd } from './adapter-suite/crowd.js';
import { describeCsrf } from './adapter-suite/csrf.js';
import { describeDenylistFaults } from './adapter-suite/denylist-faults.js';
import {
  type MakeEngine,
  makeOpaque,
  type SignedEngines,
  type TokenMode,
} from './adapter-suite/engines.js';
import { describeFaults } from './adapter-suite/faults.js';
import type { StartHost, Target } from './adapter-suite/host.js';
import { describeJwks } from './adapter-suite/jwks.js';
import { describeRefresh } from './adapter-suite/refresh.js';
import { describeRequestSessions } from './adapter-suite/request-sessions.js';
import { describeRevocation } from './adapter-suite/revocation.js';
import { describeRouteTable } from './adapter-suite/route-table.js';
import { describeRoutes } from './adapter-suite/routes.js';
import { describeSignIn } from './adapter-suite/sign-in.js';
import { describeSigned } from './adapter-suite/signed.js';
import { describeStateless } from './adapter-suite/stateless.js';

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
  describeCsrf,
  describeRequestSessions,
  describeCredentials,
  describeFaults,
];

/** Without a store there is no refresh token, so neither cookie nor rotation, and nothing to list or change. */
const BY_MODE: Readonly<Record<TokenMode, readonly ((target: Target) => void)[]>> = {
  opaque: WITH_STORE,
  jwt: [...WITH_STORE, describeSigned, describeEndedSession, describeRevocation, describeDenylistFaults],
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
