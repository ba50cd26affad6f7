import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a process ended, and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An example as a process of its own. */
export interface RunningExample {
  readonly base: string;
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
  stop(signal?: NodeJS.Signals): Promise<Ending>;
}

type Variables = Readonly<Record<string, string>>;

/** Runs `examples/<name>/dist/main.js` to its end; for starts that fail. */
export async function runExample(name: string, variables: Variables): Promise<Ending> {
  return start(name, variables).ending;
}

/** Runs an example until it listens, on a port of its own choice. */
export async function startExample(
  name: string,
  variables: Variables = {},
): Promise<RunningExample> {
  const { child, ending, listening } = start(name, { PORT: '0', ...variables });
  const base = await Promise.race([listening, ending]);
  if (typeof base !== 'string') throw new Error(`The example did not start: ${base.stderr}`);
  return {
    base,
    child,
    ending,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ending;
    },
  };
}

function start(name: string, variables: Variables) {
  const main = fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));
  // Nothing of this process's environment gets in: a REDIS_URL that is set here is not meant.
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const listening = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const base = /^listening on (http:\/\/localhost:\d+)\n/m.exec(stdout)?.[1];
      if (base !== undefined) resolve(base);
    });
  });
  const ending = once(child, 'close').then(
    ([code, signal]: unknown[]): Ending => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout,
      stderr,
    }),
  );
  return { child, ending, listening };
}
