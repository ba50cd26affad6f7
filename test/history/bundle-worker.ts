import { mkdir, mkdtemp, rm } from 'node:fs/promises';
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

/** What is bundled. */
export interface BundleOptions {
  /** The program. */
  readonly entry: URL;
  /** Packages that are imported when the program runs: native ones, and those that look for files beside theirs. */
  readonly external?: readonly string[];
  /** The folder in which the result gets one of its own; `external` is looked up from there. Default: the temporary one. */
  readonly parent?: string;
}

/**
 * Makes one JavaScript file of a program and all that it imports. Child processes have no test runner
 * around them that would read TypeScript, and `dist/` may be older than the sources that are to be tested.
 */
export async function bundleWorker(options: BundleOptions): Promise<Bundle> {
  const { entry, external = [], parent = tmpdir() } = options;
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'sess-history-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const { build } = await importVite();
    await build({
      configFile: false,
      envFile: false,
      publicDir: false,
      logLevel: 'error',
      ssr: {
        noExternal: true,
        external: [...external],
        resolve: { conditions: ['@sess/source', 'node'] },
      },
      build: {
        ssr: fileURLToPath(entry),
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
