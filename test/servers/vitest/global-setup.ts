import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import {
  type ProvidedServer,
  type ProvidedServers,
  provideServer,
  provideUrl,
} from '../src/provision.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly servers: ProvidedServers;
  }
}

// At the root of the repository, whose .gitignore names it.
const CACHE = fileURLToPath(new URL('../../../.cache/servers', import.meta.url));

/** Returns what says once that a server is being unpacked. */
function announce(name: string): () => void {
  let isSaid = false;
  return () => {
    if (!isSaid) process.stderr.write(`unpacking ${name} (first run only) ...\n`);
    isSaid = true;
  };
}

/** Returns the Redis that tests start, which is fetched on the first run, or the reason why there is none. */
export function provideRedis(): Promise<ProvidedServer> {
  return provideServer({
    flavour: 'redis',
    cacheDir: CACHE,
    allowInstall: true,
    report: announce('redis-server'),
  });
}

/** Tests run without Valkey, so it is not worth a change to the machine, and the short tier has no test of it. */
async function provideValkey(): Promise<ProvidedServer> {
  if (process.env['SESS_TIER'] === 'short') return { missing: 'not used in the short tier' };
  return provideServer({
    flavour: 'valkey',
    cacheDir: CACHE,
    allowInstall: false,
    report: announce('valkey-server'),
  });
}

/**
 * Finds the servers once for a run, before any test, and hands them to the workers. Never fails: a server that cannot
 * be had fails the tests that need it, and no others.
 */
export async function setup(project: TestProject): Promise<void> {
  const [redis, valkey, external] = await Promise.all([
    provideRedis(),
    provideValkey(),
    provideUrl(process.env['REDIS_URL']),
  ]);
  project.provide('servers', { redis, valkey, external });
}
