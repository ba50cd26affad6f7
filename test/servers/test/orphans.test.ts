import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireServer, until } from '@sess/test-servers';
import { describe, expect, inject, onTestFinished, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./orphan-child.mjs', import.meta.url));

describe('servers, one of them paused, of a process', () => {
  test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
    'that ends by %s do not outlive it, nor do their folders',
    async (signal) => {
      const binary = requireServer(inject('servers').redis);
      // A place of its own for its folders: other test runs keep theirs in the common one.
      const place = await mkdtemp(join(tmpdir(), 'orphans-'));
      onTestFinished(() => rm(place, { recursive: true, force: true }));
      const child = spawn(process.execPath, [SCRIPT, JSON.stringify(binary)], {
        env: { ...process.env, TMPDIR: place },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [line] = await once(child.stdout, 'data');
      const pids: readonly number[] = JSON.parse(String(line));
      expect((await readdir(place)).length).toBe(pids.length);
      expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);
      child.kill(signal);
      for (const pid of pids)
        await until(async () => !(await isAlive(pid)), { what: `${pid} to be gone` });
      await until(async () => (await readdir(place)).length === 0, { what: 'the folders to go' });
    },
    20_000,
  );
});

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie is dead: it waits for whoever has adopted it. Without /proc there is nothing to look at.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') S');
  return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
}
