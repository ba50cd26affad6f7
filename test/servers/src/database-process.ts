import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Reaper } from './reaper.js';
import { sleep } from './wait.js';

/** A database server's process, which can be ended and started again on the same data. */
export interface DatabaseProcess {
  /** Starts it and resolves when it accepts connections. @throws {Error} after 20 seconds, or if it ends */
  launch(): Promise<void>;
  /** Sends a signal and waits until the process is gone. SIGKILL ends its child processes, too. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Has the process and its child processes stand still. */
  pause(): void;
  resume(): void;
}

/** Creates the process without starting it; the reaper ends it if this process dies first. */
export function createDatabaseProcess(options: {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly identity?: { readonly uid?: number; readonly gid?: number };
  readonly reaper: Reaper;
  isReady(): Promise<boolean>;
}): DatabaseProcess {
  const { program, args, env, identity = {}, reaper, isReady } = options;
  let child: ChildProcess | undefined;

  function signalAll(signal: NodeJS.Signals): readonly number[] {
    const pid = child?.pid;
    if (pid === undefined || child?.exitCode !== null) return [];
    const pids = [pid, ...childrenOf(pid)];
    for (const one of pids) signalOne(one, signal);
    return pids;
  }

  return {
    async launch() {
      child = spawn(program, args, { ...identity, env, stdio: 'ignore' });
      child.unref();
      reaper.watch(child.pid);
      for (let attempt = 0; attempt < 200; attempt += 1) {
        if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
        if (await isReady()) return;
        await sleep(100);
      }
      throw new Error(`${program} did not accept connections within 20 seconds`);
    },
    async kill(signal) {
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      // Whoever waits for its end may have nothing else that keeps this process alive.
      running.ref();
      const ended = new Promise((resolve) => running.once('exit', resolve));
      const pids = signal === 'SIGKILL' ? signalAll(signal) : [];
      running.kill(signal);
      await ended;
      // A server refuses to start while a process of the last one has its memory mapped.
      while (pids.some(isAlive)) await sleep(5);
      reaper.watch(undefined);
    },
    pause: () => void signalAll('SIGSTOP'),
    resume: () => void signalAll('SIGCONT'),
  };
}

/** PostgreSQL has a process for each connection. */
function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    // No /proc on this system, or the process is gone.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A dead process whose parent has not looked yet: "pid (name) Z …".
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Ended in the meantime.
  }
}
