// Runs one example in a separate process.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../tools/lib.mjs';

/** Seconds that an example may take to end after SIGTERM. */
const MERCY = 10;
const MOST_TEXT = 4_000;

/** @param {Readonly<Record<string, string>>} variables its environment */
export async function startExample(name, variables) {
  const main = join(root, 'examples', name, 'dist', 'main.js');
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: '0', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    if (complaints.length < MOST_TEXT) complaints += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const listening = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      const base = /^listening on (http:\S+)$/m.exec(said)?.[1];
      if (base !== undefined) resolve(base.replace('localhost', '127.0.0.1'));
    });
  });
  const base = await Promise.race([listening, ended.then(() => undefined)]);
  if (base === undefined) throw new Error(`the example ${name} did not start: ${complaints}`);

  return {
    base,
    pid: child.pid,
    /** Returns MiB. */
    readMemory: () => residentSize(child.pid) / 2 ** 20,
    /** Returns what it wrote to standard error. */
    complaints: () => complaints.trim(),
    /** Sends SIGTERM; `seconds` is the time until it ended, `code` is 0 after a clean end. */
    async stop() {
      const began = performance.now();
      child.kill('SIGTERM');
      const late = sleep(MERCY * 1_000, 'late', { ref: false });
      const ending = await Promise.race([ended, late]);
      const seconds = (performance.now() - began) / 1_000;
      if (ending !== 'late') return { ...ending, seconds };
      child.kill('SIGKILL');
      await ended;
      return { code: null, signal: 'none: SIGKILL was needed', seconds };
    },
  };
}

function residentSize(pid) {
  const file = `/proc/${pid}/status`;
  const kibibytes = existsSync(file)
    ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kibibytes) * 1_024;
}
