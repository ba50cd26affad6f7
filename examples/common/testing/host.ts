import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sessions } from '@sess/core';

/** An example within the test's own process. */
export interface Hosted {
  readonly base: string;
  readonly sessions: Sessions;
  close(): Promise<void>;
}

/** Starts an example with an engine, which ends with it. */
export type Host = (sessions: Sessions) => Promise<Hosted>;

export async function listenOn(sessions: Sessions, listener: RequestListener): Promise<Hosted> {
  const server: Server = createServer(listener).listen(0);
  await once(server, 'listening');
  return {
    base: `http://localhost:${(server.address() as AddressInfo).port}`,
    sessions,
    async close() {
      server.close();
      server.closeAllConnections();
      await sessions.close();
    },
  };
}
