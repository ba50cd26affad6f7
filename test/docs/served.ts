import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { sendRequest } from '../kit.js';

/** An application of the documentation that runs. */
export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a program with these variables of the environment, and waits until it responds. */
export async function serve(
  path: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const port = await findFreePort();
  const url = `http://localhost:${port}`;
  const child = spawn(process.execPath, [resolve(path)], {
    env: { ...process.env, ...variables, PORT: String(port) },
    // A program may write files.
    cwd: dirname(path),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = () => end(child);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isUp = await sendRequest(`${url}/me`).then(
      () => true,
      () => false,
    );
    if (isUp) return { url, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${path} did not answer`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
