import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

// `read` fails at end of file, which the kernel brings about however this process ends, SIGKILL
// included. The last pid it was told is then killed and the data folder removed; pid 0 stands for
// "none runs".
const SCRIPT = `
pid=0
while read -r line; do
  [ "$line" = release ] && exit 0
  pid=$line
done
[ "$pid" -gt 0 ] && kill -9 "$pid"
rm -rf -- "$1"
`;

/** Cleans up after one server if this process dies first. */
export interface Reaper {
  /** The process to kill then; `undefined` while none runs, so that a recycled pid is never hit. */
  watch(pid: number | undefined): void;
  /** There is nothing left to clean up: the reaper ends. */
  release(): void;
}

/**
 * Starts a small shell process that holds the other end of a pipe. It takes the place of exit and
 * signal handlers in this process: those do not run on SIGKILL or when a worker thread is
 * terminated, and would have to get along with everybody else's. It has a session of its own, so
 * Ctrl-C and signals to the process group do not reach it, and it does not keep this process alive.
 *
 * @param directory removed together with the server, when this process dies without {@link
 *   Reaper.release}.
 */
export function startReaper(directory: string): Reaper {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'redis-reaper', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  shell.on('error', () => {});
  const pipe = shell.stdin;
  // Somebody who kills the reaper by hand must not bring the tests down with an EPIPE.
  pipe.on('error', () => {});
  if (pipe instanceof Socket) pipe.unref();
  return {
    watch: (pid) => void pipe.write(`${pid ?? 0}\n`),
    release: () => void pipe.end('release\n'),
  };
}
