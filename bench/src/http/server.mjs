// Starts the processes that serve, and asks them what they have spent.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('./serve.mjs', import.meta.url));

/**
 * @param what `framework`; `kind`: its `variants` or its `pages`; `names` of these; `redisUrl`
 * @returns `routes`: for each variant where it is served, the headers to send, and how to ask for the µs of processor
 *   time that its process has taken
 */
export async function startServer(what) {
  const child = fork(SERVE, [JSON.stringify(what)], {
    env: { ...process.env, NODE_ENV: 'production' },
    // That sessions are kept in memory is no news here.
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const served = await Promise.race([
    once(child, 'message').then(([message]) => message.served),
    ended.then(([code]) => {
      throw new Error(`the server of ${what.framework} ended with ${code} before it was ready`);
    }),
  ]);
  const readCpu = async () => {
    child.send('cpu');
    const [{ cpu }] = await once(child, 'message');
    return cpu;
  };
  const routes = Object.entries(served).map(([name, { port, headers, failure }]) => ({
    name,
    url: `http://127.0.0.1:${port}/me`,
    headers,
    failure,
    readCpu,
  }));
  return {
    routes,
    async close() {
      child.kill();
      await ended;
    },
  };
}
