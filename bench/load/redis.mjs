// The Redis of one example: always a server of its own.
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
    /** MiB. */
    async readMemory() {
      const [, bytes] = /^used_memory:(\d+)/m.exec(String(await command('INFO', 'memory'))) ?? [];
      return Number(bytes) / 2 ** 20;
    },
    /** Connections but the one that asks. */
    async countClients() {
      return (
        String(await command('CLIENT', 'LIST'))
          .trim()
          .split('\n').length - 1
      );
    },
    /** Milliseconds until the last key is gone; `Infinity` if one never will be. */
    async longestLife() {
      let longest = 0;
      let cursor = '0';
      do {
        const [next, keys] = await command('SCAN', cursor, 'COUNT', 1_000);
        cursor = String(next);
        for (const key of keys) {
          const left = Number(await command('PTTL', String(key)));
          // -2: gone meanwhile; -1: nothing ends it.
          longest = Math.max(longest, left === -1 ? Number.POSITIVE_INFINITY : left);
        }
      } while (cursor !== '0');
      return longest;
    },
    /** Waits until no key is left, and answers how many are when the time is up. */
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
