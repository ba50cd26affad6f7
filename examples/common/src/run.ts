import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExampleSettings, readSettings, SettingsError } from './settings.js';

/** An example, ready to listen. */
export interface Example {
  readonly server: Server;
  /** Releases what the server's handlers use; called when no request is left. */
  close(): Promise<void>;
}

/** How long running requests may take to end after a signal. Milliseconds. */
const PATIENCE = 5_000;

/** Starts an example, and stops it cleanly on SIGTERM and SIGINT. Unusable settings are told in one line. */
export async function run(
  create: (settings: ExampleSettings) => Example | Promise<Example>,
): Promise<void> {
  try {
    const settings = readSettings(process.env);
    const example = await create(settings);
    const port = await listen(example.server, settings.port);
    stopOnSignals(example);
    console.log(`listening on http://localhost:${port}`);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message.replace(/\s+/g, ' '));
    process.exit(1);
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new SettingsError(whyNotListening(error, port), { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

function whyNotListening(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const instead = 'Write another one, for instance PORT=8080, or PORT=0 for any free port.';
  if (code === 'EADDRINUSE') return `PORT: ${port} is in use by another program. ${instead}`;
  if (code === 'EACCES') return `PORT: ${port} is not open to this user. ${instead}`;
  return `PORT: listening on ${port} failed (${String(error)}).`;
}

function stopOnSignals({ server, close }: Example): void {
  const running = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    running.add(response);
    response.once('close', () => running.delete(response));
  });

  async function stop(): Promise<void> {
    server.close();
    const deadline = performance.now() + PATIENCE;
    while (running.size > 0 && performance.now() < deadline) {
      // A connection that has just become idle would otherwise take a next request.
      server.closeIdleConnections();
      await sleep(20);
    }
    server.closeAllConnections();
    // A store that does not let go must not keep the process.
    await Promise.race([close().catch(console.error), sleep(PATIENCE)]);
    process.exit(0);
  }

  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // A terminal's Ctrl-C reaches npm and this process, and npm passes its own on: the second is no news.
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      void stop();
    });
  }
}
