import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { type ProvidedServers, provideServer, provideUrl } from '../src/provision.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly servers: ProvidedServers;
  }
}

// At the root of the repository, whose .gitignore names it.
const CACHE = fileURLToPath(new URL('../../../.cache/servers', import.meta.url));

/**
 * Run by vitest once, before any test and in its main process: finds the servers, fetching them on
 * the first run, and hands them to the workers. A server that cannot be had is for the tests that
 * need it to complain about, so this never fails.
 */
export async function setup(project: TestProject): Promise<void> {
  const announce = (name: string): (() => void) => {
    let said = false;
    return () => {
      if (!said) process.stderr.write(`unpacking ${name} (first run only) ...\n`);
      said = true;
    };
  };
  const [redis, valkey, external] = await Promise.all([
    provideServer({
      flavour: 'redis',
      cacheDir: CACHE,
      allowInstall: true,
      report: announce('redis-server'),
    }),
    // Tests run without Valkey, so it is not worth a change to the machine.
    provideServer({
      flavour: 'valkey',
      cacheDir: CACHE,
      allowInstall: false,
      report: announce('valkey-server'),
    }),
    provideUrl(process.env['REDIS_URL']),
  ]);
  project.provide('servers', { redis, valkey, external });
}
