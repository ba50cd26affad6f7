import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './debian-packages.js';
import { pingUrl } from './redis-url.js';
import {
  type Flavour,
  findServerBinary,
  NoServerBinaryError,
  type ServerBinary,
} from './server-binary.js';

/**
 * A server program, or why there is none. Plain data, since it travels from vitest to its workers.
 */
export type ProvidedServer =
  | { readonly binary: ServerBinary; readonly missing?: undefined }
  | { readonly binary?: undefined; readonly missing: string };

/** The server that the developer runs and names with REDIS_URL, or why it cannot be used. */
export type ProvidedUrl =
  | { readonly url: string; readonly problem?: undefined }
  | { readonly url?: undefined; readonly problem: string };

/** What every test file gets from `inject('servers')`. */
export interface ProvidedServers {
  readonly redis: ProvidedServer;
  readonly valkey: ProvidedServer;
  /** `undefined` when REDIS_URL is not set. */
  readonly external: ProvidedUrl | undefined;
}

/** What {@link provideServer} is told. */
export interface ProvideOptions {
  readonly flavour: Flavour;
  /** Where unpacked packages and notes about failures are kept between runs. */
  readonly cacheDir: string;
  /** Whether a package may be installed on this machine as the last resort. */
  readonly allowInstall: boolean;
  readonly report: Report;
}

// A machine without a network must not wait for apt on every run of unrelated tests.
const RETRY_AFTER_MS = 60 * 60_000;

/**
 * As {@link findServerBinary}, but answers with the reason where there is no server, since whoever
 * does not need one must not fail. A fetch that failed is tried again an hour later; a server that
 * turns up on PATH is found at once.
 */
export async function provideServer(options: ProvideOptions): Promise<ProvidedServer> {
  const { cacheDir, flavour } = options;
  const note = join(cacheDir, `${flavour}.missing.txt`);
  const remembered = await freshText(note);
  try {
    const binary = await findServerBinary({ ...options, allowFetch: remembered === undefined });
    if (remembered !== undefined) await rm(note, { force: true });
    return { binary };
  } catch (error) {
    if (!(error instanceof NoServerBinaryError)) throw error;
    if (remembered !== undefined)
      return { missing: `${remembered}\nThat was up to an hour ago; remove ${note} to try again.` };
    await mkdir(cacheDir, { recursive: true });
    await writeFile(note, error.message);
    return { missing: error.message };
  }
}

/**
 * Whether the server at REDIS_URL can be used: who sets it wants that one, so that another in its
 * place would test the wrong thing.
 */
export async function provideUrl(url: string | undefined): Promise<ProvidedUrl | undefined> {
  if (url === undefined || url === '') return undefined;
  try {
    await pingUrl(url);
    return { url };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problem: `REDIS_URL is set, and its server is of no use: ${why}. Start it, or unset REDIS_URL.`,
    };
  }
}

async function freshText(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    return Date.now() - mtimeMs < RETRY_AFTER_MS ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
