import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine } from './engine.js';
import type { CreateListener } from './listener.js';
import { readSettings, SettingsError } from './settings.js';

/** The time that running requests get to end after a signal. */
const SHUTDOWN_TIMEOUT_MS = 5_000;

/**
 * Starts the demo with the settings of the environment, and stops it on SIGTERM and SIGINT. Settings that
 * cannot be used end the process with exit code 1 and one line on standard error.
 */
export async function run(createListener: CreateListener): Promise<void> {
  try {
    const settings = readSettings(process.env);
    const { sessions, close } = await createEngine(settings);
    const server = createServer(await createListener(sessions, settings.transport));
    const port = await listen(server, settings.port);
    stopOnSignals(server, close);
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
    throw new SettingsError(formatListenError(error, port), { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

function formatListenError(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const instead = 'Write another one, for instance PORT=8080, or PORT=0 for any free port.';
  if (code === 'EADDRINUSE') return `PORT: ${port} is in use by another program. ${instead}`;
  if (code === 'EACCES') return `PORT: ${port} is not open to this user. ${instead}`;
  return `PORT: listening on ${port} failed (${String(error)}).`;
}

function stopOnSignals(server: Server, close: () => Promise<void>): void {
  const running = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    running.add(response);
    response.once('close', () => running.delete(response));
  });

  async function stop(): Promise<void> {
    server.close();
    const deadline = performance.now() + SHUTDOWN_TIMEOUT_MS;
    while (running.size > 0 && performance.now() < deadline) {
      // An idle keep-alive connection could otherwise start another request.
      server.closeIdleConnections();
      await sleep(20);
    }
    server.closeAllConnections();
    // A store that does not close must not keep the process alive.
    await Promise.race([close().catch(console.error), sleep(SHUTDOWN_TIMEOUT_MS)]);
    process.exit(0);
  }

  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Ctrl-C in a terminal reaches this process twice: directly and through npm.
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      void stop();
    });
  }
}
