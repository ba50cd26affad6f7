import type { RedisPort } from './client/redis-port.js';
import { sleep } from './timers.js';

const PAUSE = 50;

/**
 * Asks until the server answers, for at most so many milliseconds: a client that was made a moment ago is
 * still connecting, and would refuse every command.
 */
export async function waitUntilReady(port: RedisPort, key: string, timeout: number): Promise<void> {
  for (let waited = 0; ; waited += PAUSE) {
    try {
      await port.send(key, true, ['EXISTS', key]);
      return;
    } catch (error) {
      if (waited + PAUSE >= timeout) throw error;
      await sleep(PAUSE);
    }
  }
}
