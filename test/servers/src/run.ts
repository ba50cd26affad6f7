import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** What {@link run} lets the caller set. */
export interface RunOptions {
  /** Folder to run in. Default: the current one. */
  readonly cwd?: string | undefined;
  /** Variables on top of the current environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds until the program is killed. Default 120,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs a program without a shell and resolves with what it wrote to its standard output. Messages
 * are asked for in English (`LC_ALL=C`), since some are read.
 *
 * @throws Error with the end of what it wrote, when it cannot be started, exits with another code
 *   than 0 or takes too long.
 */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { cwd, env, timeoutMs = 120_000 } = options;
  const settings = {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, LC_ALL: 'C', ...env },
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().split('\n').slice(-3).join(' / ').slice(-500);
      const why = error.killed ? `took longer than ${timeoutMs} ms` : said || error.message;
      reject(new Error(`${program} ${args.at(-1) ?? ''}: ${why}`, { cause: error }));
    });
  });
}

/**
 * The absolute path of an executable on PATH, or `undefined`. Relative entries of PATH are passed
 * over.
 */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, program);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}
