import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { until } from './wait.js';

/** What {@link startProcess} runs. */
export interface ProcessOptions {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** On top of the current environment. */
  readonly env: Readonly<Record<string, string>>;
  /** File for all that it writes; emptied first. */
  readonly logFile: string;
  readonly onExit: () => void;
}

/** One operating system process. */
export interface ServerProcess {
  /** 0 when it could not be started at all. */
  readonly pid: number;
  readonly running: boolean;
  /** Why it could not be started at all. */
  readonly failure: Error | undefined;
  /** Sends a signal; nothing happens once the process is gone. */
  signal(signal: NodeJS.Signals): void;
  /**
   * Sends a signal that ends it, and waits for that. @throws Error when it still runs after 10
   * seconds.
   */
  end(signal: NodeJS.Signals): Promise<void>;
  /** SIGSTOP, and waits until it stands still; the signal alone says nothing about when. */
  pause(): Promise<void>;
}

/**
 * Starts a process that writes to a file: a pipe would have to be drained, and would break it when
 * this process dies. It does not keep this process alive.
 */
export function startProcess(options: ProcessOptions): ServerProcess {
  const log = openSync(options.logFile, 'w');
  const child = spawn(options.path, options.args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const pid = child.pid ?? 0;
  let running = true;
  let failure: Error | undefined;
  child.once('exit', () => {
    running = false;
    options.onExit();
  });
  child.once('error', (error) => {
    if (pid !== 0) return;
    failure = error;
    running = false;
    options.onExit();
  });
  return {
    pid,
    get running() {
      return running;
    },
    get failure() {
      return failure;
    },
    signal: (signal) => void child.kill(signal),
    end: async (signal) => {
      if (!running) return;
      child.kill(signal);
      await until(() => !running, { what: `pid ${pid} to end after ${signal}`, everyMs: 1 });
    },
    pause: async () => {
      child.kill('SIGSTOP');
      await until(() => !running || standsStill(pid), {
        what: `pid ${pid} to stand still`,
        everyMs: 1,
      });
    },
  };
}

function standsStill(pid: number): boolean {
  try {
    // "pid (name) T …": the state follows the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
  } catch {
    // No /proc on this system: there is nothing to look at.
    return true;
  }
}
