import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';

const USERS = 200;
const REQUESTS_EACH = 6;
/** Far fewer than users, so that each connection carries the requests of many. */
const CONNECTIONS = 20;

/** Many users over few connections: no user ever sees the session of another. */
export function describeCrowd(target: Target): void {
  describe(`${USERS} users over ${CONNECTIONS} connections that are kept`, () => {
    it('concurrent users each see their session, and requests without a token see none [store.apart]', async () => {
      const host = await useHost(target);
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
      onTestFinished(() => agent.destroy());
      const names = Array.from({ length: USERS }, (_, n) => `user-${n}`);
      const users = await Promise.all(
        names.map(async (name) => {
          const answer = await host.send('/login', { method: 'POST', body: { user: name }, agent });
          return { name, token: String(json(answer)['access_token']) };
        }),
      );
      // Round by round, so that neighbours on a connection are different people every time.
      const asked = Array.from({ length: REQUESTS_EACH }, (_, round) =>
        users.flatMap((user, n) => ((n + round) % 7 === 0 ? [user, undefined] : [user])),
      ).flat();
      const seen = await Promise.all(
        asked.map(async (user) => {
          const headers = user === undefined ? [] : [bearer(user.token)];
          return json(await host.send('/public', { headers, agent }))['user'];
        }),
      );
      expect(seen).toEqual(asked.map((user) => user?.name ?? null));
    }, 60_000);
  });
}
