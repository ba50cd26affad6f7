import { describe } from 'vitest';
import { describeBearer } from './adapter-suite/bearer.js';
import { describeCookies } from './adapter-suite/cookies.js';
import { describeCsrf } from './adapter-suite/csrf.js';
import { describeFaults } from './adapter-suite/faults.js';
import type { StartHost } from './adapter-suite/host.js';
import { describeRefresh } from './adapter-suite/refresh.js';
import { describeRequestSessions } from './adapter-suite/request-sessions.js';
import { describeRoutes } from './adapter-suite/routes.js';

/**
 * The HTTP contract as tests over real sockets: every adapter has to pass all of it.
 *
 * @param startHost mounts the adapter in a small application with the routes that `HostSetup` describes
 */
export function adapterSuite(name: string, startHost: StartHost): void {
  describe(`HTTP contract: ${name}`, () => {
    describeBearer(startHost);
    describeRefresh(startHost);
    describeRoutes(startHost);
    describeCookies(startHost);
    describeCsrf(startHost);
    describeRequestSessions(startHost);
    describeFaults(startHost);
  });
}
