// Starts the Redis server of one example and reads its state.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findServerBinary, startRedisServer } from '@sess/test-servers';
import { root } from '../../tools/lib.mjs';

export function findRedis(report) {
  return findServerBinary({
    flavour: 'redis',
    cacheDir: join(root, '.cache', 'servers'),
    report,
  });
}

export async function openRedis(binary) {
  const server = await startRedisServer({ binary });
  const { command } = server;
  return {
    url: server.url,
    pid: server.pid,
    stop: () => server.stop(),
    /** Returns MiB. */
    async readMemory() {
      const [, bytes] = /^used_memory:(\d+)/m.exec(String(await command('INFO', 'memory'))) ?? [];
      return Number(bytes) / 2 ** 20;
    },
    /** Returns the number of connections without this one. */
    async countClients() {
      return (
        String(await command('CLIENT', 'LIST'))
          .trim()
          .split('\n').length - 1
      );
    },
    /** Returns the milliseconds until the last key expires; `Infinity` if one has no expiry. */
    async longestLife() {
      let longest = 0;
      let cursor = '0';
      do {
        const [next, keys] = await command('SCAN', cursor, 'COUNT', 1_000);
        cursor = String(next);
        for (const key of keys) {
          const left = Number(await command('PTTL', String(key)));
          // -2: expired since the scan; -1: no expiry.
          longest = Math.max(longest, left === -1 ? Number.POSITIVE_INFINITY : left);
        }
      } while (cursor !== '0');
      return longest;
    },
    /** Waits until no key is left; returns the number of keys left after `milliseconds`. */
    async drain(milliseconds) {
      const end = performance.now() + milliseconds;
      for (;;) {
        const left = Number(await command('DBSIZE'));
        if (left === 0 || performance.now() > end) return left;
        await sleep(500);
      }
    },
  };
}
