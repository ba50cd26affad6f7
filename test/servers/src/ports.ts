import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below 32768, where Linux starts to number outgoing connections: a port from there could be taken
// by any client between two restarts of a server. The bus of a cluster node listens 10,000 higher
// and has to stay below as well.
const LOWEST = 10_240;
const HIGHEST = 22_700;
const BUS_OFFSET = 10_000;

const handedOut = new Set<number>();

/**
 * A port on 127.0.0.1 where nothing listens, and for `withBus` nothing 10,000 above it either. This
 * process is never given the same one twice; another process may still take it first, so the caller
 * tries again when its server finds it in use.
 *
 * @throws Error when 200 tries found none.
 */
export async function freePort(withBus = false): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    if (withBus && !(await isFree(port + BUS_OFFSET))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      probe.close(() => resolve(true)),
    );
  });
}
