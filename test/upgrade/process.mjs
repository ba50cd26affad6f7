// Starts worker.mjs and calls its engine.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../tools/lib.mjs';

/**
 * Starts a process with the engine of a tree. Every method of the engine is one of `call`.
 *
 * @param {{ tree: string, store: 'redis' | 'sqlite' | 'postgres', address: string, options?: object,
 *   storeOptions?: object, secret?: string }} config a secret makes it sign its access tokens
 * @returns {Promise<{ call: (method: string, ...args: unknown[]) => Promise<any>, stop: () => Promise<void> }>} `call`
 *   rejects with the error of the engine
 */
export async function startEngine(config) {
  const script = join(root, 'test', 'upgrade', 'worker.mjs');
  const child = fork(script, [JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    // Those of vitest would lead it to sources in TypeScript.
    execArgv: [],
  });
  let output = '';
  child.stderr.on('data', (text) => (output += text));
  const waiting = new Map();
  let last = 0;
  const ready = new Promise((resolve, reject) => waiting.set(0, { resolve, reject }));
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(Object.assign(new Error(error.message), error));
  });
  const ended = once(child, 'close');
  ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended: ${output}`));
  });
  await ready;
  const call = (method, ...args) => {
    last += 1;
    const id = last;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.send({ id, method, args });
    });
  };
  return {
    call,
    async stop() {
      if (child.exitCode === null && child.signalCode === null)
        await call('close').catch(() => child.kill('SIGKILL'));
      await ended;
    },
  };
}
