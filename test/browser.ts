import { fileURLToPath } from 'node:url';
import { provideBrowser } from '@sess/test-servers';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

const provided = await provideBrowser({
  cacheDir: fileURLToPath(new URL('../.cache/servers', import.meta.url)),
  report: (line) => void process.stderr.write(`${line}\n`),
});

/** Why there is no browser, for the names of tests that are skipped; `undefined` where there is one. */
export const whyNoBrowser: string | undefined = provided.missing;
if (whyNoBrowser !== undefined) {
  process.stderr.write(`browser tests are skipped: ${whyNoBrowser}\n`);
}

/** What every launch needs. All hosts below `.test` are this machine. */
const FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];

/**
 * Launches Chromium. All hosts below `.test` are this machine.
 *
 * @param options.hasBackCache Whether pages are kept for the back button, which the driver turns off. Default: `false`.
 */
export async function launchBrowser({ hasBackCache = false } = {}): Promise<Browser> {
  if (provided.path === undefined) throw new Error(whyNoBrowser);
  const ignoreDefaultArgs = hasBackCache ? ['--disable-back-forward-cache'] : [];
  return chromium.launch({ executablePath: provided.path, args: [...FLAGS], ignoreDefaultArgs });
}

/** Launches Chromium with a profile in a folder. */
export function launchProfile(folder: string, flags: readonly string[]): Promise<BrowserContext> {
  if (provided.path === undefined) throw new Error(whyNoBrowser);
  return chromium.launchPersistentContext(folder, {
    executablePath: provided.path,
    args: [...FLAGS, ...flags],
  });
}
