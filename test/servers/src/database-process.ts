import { type ChildProcess, spawn } from 'node:child_process';
import type { Reaper } from './reaper.js';
import { sleep } from './wait.js';

/** A database server's process, which can be ended and started again on the same data. */
export interface DatabaseProcess {
  /** Starts it and resolves when it accepts connections. @throws {Error} after 20 seconds, or if it ends */
  launch(): Promise<void>;
  /** Sends a signal and waits until the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
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
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill(signal);
      await ended;
      reaper.watch(undefined);
    },
  };
}
