// Runs one command for the other scripts, and sees to it that a signal leaves none of it behind.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const MERCY_MS = 3000;

/**
 * Runs a command and resolves to its exit code and output.
 *
 * - `quiet` holds the output back, for the caller to show when the command failed.
 * - `group` (always, when quiet) gives it a process group, so that SIGINT and SIGTERM reach all that
 *   it started: npx starts pnpm, and vitest workers do not end with vitest. Such a command cannot
 *   read the terminal, so leave it out for one that asks questions.
 *
 * After SIGINT or SIGTERM this process ends too, once the command has.
 */
export function run(command, args, { quiet = false, group = quiet, cwd, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet
        ? ['ignore', 'pipe', 'pipe']
        : [group ? 'ignore' : 'inherit', 'inherit', 'inherit'],
      detached: group,
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));

    const target = group ? -child.pid : child.pid;
    let ended;
    const forward = (signal) => {
      ended ??= signal;
      signalTo(target, signal);
      setTimeout(() => signalTo(target, 'SIGKILL'), MERCY_MS).unref();
    };
    process.on('SIGINT', forward).on('SIGTERM', forward);

    const done = (code, text) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      if (ended) {
        if (group) signalTo(target, 'SIGKILL');
        process.exit(128 + constants.signals[ended]);
      }
      resolve({ code, output: text });
    };
    child.on('error', (error) => done(127, `${output}${error.message}\n`));
    child.on('close', (code, signal) => done(code ?? 128 + constants.signals[signal], output));
  });
}

function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself in the meantime.
  }
}
