// Loaded before every file of tests: whatever engines issue there is looked for in whatever is printed, logged with
// the silent logger, or told on a channel meanwhile. Secrets are learnt where each of them passes: at the digest.
import crypto from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach } from 'vitest';
import { silentLogger } from '../../packages/testkit/src/loggers.js';
import { createNotebook } from './notebook.js';

/** Of this file of tests. */
export const notebook = createNotebook();

const { hash } = crypto;
if (typeof hash === 'function') {
  const watched = (...given: Parameters<typeof hash>): ReturnType<typeof hash> => {
    if (typeof given[1] === 'string') notebook.learn(given[1]);
    return hash(...given);
  };
  crypto.hash = watched as typeof hash;
  syncBuiltinESMExports();
}

for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name];
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
  stream.write = ((...given: unknown[]) => {
    notebook.note(name, given[0]);
    return write(...given);
  }) as typeof stream.write;
}

for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const) {
  const print = console[level].bind(console);
  console[level] = (...given: unknown[]) => {
    for (const value of given) notebook.note('console', value);
    print(...given);
  };
}

process.on('warning', (warning) => notebook.note('warning', warning));

for (const level of ['debug', 'info', 'warn', 'error'] as const) {
  silentLogger[level] = (fields, message) => {
    notebook.note('log', fields);
    notebook.note('log', message);
  };
}

// Not `store-call`: engines measure for it, and are told from those that nobody listens to.
for (const event of ['created', 'refreshed', 'revoked', 'reuse', 'rejected', 'store-error'])
  subscribe(`sess:${event}`, (message) => notebook.note('channel', message));

afterEach(() => {
  const leaks = notebook.takeLeaks();
  if (leaks.length > 0) throw new Error(`A secret of a token was written: ${leaks.join(', ')}`);
});
