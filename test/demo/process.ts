import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a process ended, and its output. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An example in a process. */
export interface RunningExample {
  readonly base: string;
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
  /** What it has printed by now. */
  stdout(): string;
  stop(signal?: NodeJS.Signals): Promise<Ending>;
}

type Variables = Readonly<Record<string, string>>;

/** Runs the demo on a framework until the process ends. For starts that fail. */
export async function runExample(name: string, variables: Variables): Promise<Ending> {
  return start(`${name}/dist/main.js`, variables).ending;
}

/** Starts the demo on a framework, on a free port. */
export function startExample(name: string, variables: Variables = {}): Promise<RunningExample> {
  return startProgram(`${name}/dist/main.js`, variables);
}

/** Starts a program below `examples/`, on a free port. */
export async function startProgram(
  path: string,
  variables: Variables = {},
): Promise<RunningExample> {
  const { child, ending, listening, output } = start(path, { PORT: '0', ...variables });
  const base = await Promise.race([listening, ending]);
  if (typeof base !== 'string') throw new Error(`The example did not start: ${base.stderr}`);
  return {
    base,
    child,
    ending,
    stdout: output,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ending;
    },
  };
}

function start(path: string, variables: Variables) {
  const main = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
  // The environment of the tests is not passed on: its REDIS_URL is for the tests.
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
      const port = /^listening on .*: ?(\d+)/m.exec(stdout)?.[1];
      if (port !== undefined) resolve(`http://localhost:${port}`);
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
  return { child, ending, listening, output: () => stdout };
}
