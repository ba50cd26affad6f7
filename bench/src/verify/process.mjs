// Starts the processes of the contenders, and asks them for rounds.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** @returns a contender whose rounds are asked for one at a time, or with `failure` what it could not begin for */
export async function startContender(name, { redisUrl, spread, milliseconds }) {
  const given = JSON.stringify({ name, redisUrl, spread, milliseconds });
  const child = fork(WORKER, [given], {
    env: { ...process.env, NODE_ENV: 'production' },
    // That sessions are kept in memory is no news here.
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const hear = () =>
    Promise.race([
      once(child, 'message').then(([message]) => message),
      ended.then(([code]) => {
        throw new Error(`the process of ${name} ended with ${code}`);
      }),
    ]);
  const { failure } = await hear();
  return {
    name,
    failure,
    /** Returns µs per verification at the given concurrency. */
    measure: (concurrency) => async () => {
      child.send({ concurrency });
      return (await hear()).time;
    },
    async close() {
      child.kill();
      await ended;
    },
  };
}
