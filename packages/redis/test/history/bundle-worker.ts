import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Vite } from 'vitest/node';

/** A program that plain Node can run. */
export interface Bundle {
  readonly file: string;
  remove(): Promise<void>;
}

/**
 * Makes one JavaScript file of worker.ts and all that it imports. Child processes have no test runner
 * around them that would read TypeScript, and `dist/` may be older than the sources that are to be tested.
 */
export async function bundleWorker(): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), 'sess-history-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const { build } = await importVite();
    await build({
      configFile: false,
      envFile: false,
      publicDir: false,
      logLevel: 'error',
      ssr: { noExternal: true, resolve: { conditions: ['@sess/source', 'node'] } },
      build: {
        ssr: fileURLToPath(new URL('worker.ts', import.meta.url)),
        outDir: directory,
        target: 'node20',
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'worker.mjs' } },
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { file: join(directory, 'worker.mjs'), remove };
}

/** The bundler that the test runner stands on; it is no dependency of this repository's own. */
async function importVite(): Promise<typeof Vite> {
  const require = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'));
  return import(pathToFileURL(require.resolve('vite')).href) as Promise<typeof Vite>;
}
