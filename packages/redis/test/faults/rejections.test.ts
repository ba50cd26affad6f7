import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startTcpProxy, until } from '@sess/test-servers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useServer } from './arrange.js';

const SCRIPT = fileURLToPath(new URL('./rejections-child.mjs', import.meta.url));

describe('a promise that is not awaited', () => {
  test('never ends the process when it is rejected [store.rejections]', async () => {
    const server = await useServer(onTestFinished);
    const proxy = await startTcpProxy({ target: server });
    onTestFinished(() => proxy.close());
    const child = spawn(process.execPath, ['--unhandled-rejections=strict', SCRIPT, proxy.url], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = { out: '', err: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    const count = (state: string): number => said.out.split(`${state}\n`).length - 1;
    const waitFor = (what: string, isSeen: () => boolean, again: () => unknown = () => {}) =>
      until(
        async () => {
          if (child.exitCode !== null) throw new Error(`it died: ${said.err}`);
          await again();
          return isSeen();
        },
        { what: `the child to be ${what}` },
      );
    // The state now, not one more line: a cut connection may be mended before the parent looks.
    const untilServing = () => waitFor('serving', () => said.out.endsWith('serving\n'));

    await untilServing();
    // Each fault as an application meets it: connections cut, replies lost, silence, and the server dead.
    for (const [begin, end] of [
      [() => proxy.cut(), () => {}],
      [() => proxy.dropReplies(1, 'EVALSHA'), () => proxy.pass()],
      [() => proxy.silence(), () => proxy.pass()],
      [() => server.kill(), () => server.restart()],
    ] as const) {
      const failures = count('failing');
      await waitFor('failing', () => count('failing') > failures, begin);
      await end();
      await untilServing();
    }
    const exit = once(child, 'exit');
    child.send('end');
    expect(await exit).toEqual([0, null]);
    expect(said.err).toBe('');
  }, 60_000);
});
