import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sessions } from '@sess/core';
import type { CreateListener } from '@sess/example-demo';

/** The demo in the process of the test. */
export interface Hosted {
  readonly base: string;
  readonly sessions: Sessions;
  close(): Promise<void>;
}

/** Starts the demo with an engine. Closing it closes the engine. */
export type Host = (sessions: Sessions) => Promise<Hosted>;

/** Creates a host from the routes of the demo in one framework. */
export function createHost(createListener: CreateListener): Host {
  return async (sessions) => listenOn(sessions, await createListener(sessions));
}

async function listenOn(sessions: Sessions, listener: RequestListener): Promise<Hosted> {
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
