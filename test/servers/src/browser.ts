import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackage, type Report } from './debian-packages.js';
import { onPath } from './run.js';

/** A browser, or why there is none. */
export type ProvidedBrowser =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

// A machine without a network must not wait for apt on every run.
const RETRY_AFTER_MS = 60 * 60_000;

/**
 * The Chromium of this machine; where there is none, Debian's package is installed, by root or by `sudo -n`. Who
 * cannot have one is told why, so that tests can be skipped with that.
 */
export async function provideBrowser(options: {
  /** Where a note about a failure is kept between runs. */
  readonly cacheDir: string;
  readonly report: Report;
}): Promise<ProvidedBrowser> {
  const found = await findOnPath();
  if (found !== undefined) return { path: found };
  const note = join(options.cacheDir, 'browser.missing.txt');
  const remembered = await freshText(note);
  if (remembered !== undefined) return { missing: `${remembered} (remove ${note} to try again)` };
  let why = 'its installation left no program on PATH';
  try {
    await installPackage('chromium', options.report);
    const installed = await findOnPath();
    if (installed !== undefined) {
      await rm(note, { force: true });
      return { path: installed };
    }
  } catch (error) {
    why = (error instanceof Error ? error.message : String(error)).split('\n', 1).join('');
  }
  const missing = `no browser: put chromium or google-chrome on PATH; installing Debian's failed: ${why}`;
  await mkdir(options.cacheDir, { recursive: true });
  await writeFile(note, missing);
  return { missing };
}

async function findOnPath(): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    const path = await onPath(program);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function freshText(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    return Date.now() - mtimeMs < RETRY_AFTER_MS ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
