import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { requireServer, startRedisServer } from '@sess/test-servers';
import { expect, inject, test } from 'vitest';
import { BOUND } from './help.js';

const CHILD = fileURLToPath(new URL('exit-child.mjs', import.meta.url));

/** Runs a process of its own (from dist/) until it ends by itself, and answers for how long it lingered. */
async function linger(url: string, mode: string): Promise<number> {
  const child = spawn(process.execPath, [CHILD, url, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const since = performance.now();
  const [code] = await ended;
  clearTimeout(stop);
  expect(code).toBe(0);
  return performance.now() - since;
}

test.each([
  ['close', 1_500],
  // Nobody closed the store; when its client is gone it lets go by itself.
  ['client only', BOUND + 1_500],
])('a process ends by itself: %s', { timeout: 30_000 }, async (mode, longest) => {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  try {
    expect(await linger(server.url, mode)).toBeLessThan(longest);
  } finally {
    await server.stop();
  }
});
