import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fillCacheFolder } from './cache-folder.js';
import { installPackage, osRelease, type Report, unpackPackage } from './debian-packages.js';
import { onPath, run } from './run.js';

export type Flavour = 'redis' | 'valkey';

/** A server program that was seen to start. */
export interface ServerBinary {
  readonly flavour: Flavour;
  /** Absolute path. */
  readonly path: string;
  /** Variables that it needs on top of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** As it says itself: `7.0.15`. */
  readonly version: string;
}

/** What {@link findServerBinary} is told. */
export interface FindServerBinaryOptions {
  readonly flavour: Flavour;
  /**
   * Where unpacked packages are kept between runs; made if missing. May be shared by processes and
   * machines.
   */
  readonly cacheDir: string;
  /** Whether what is neither on PATH nor in the cache may be fetched at all. Default true. */
  readonly allowFetch?: boolean | undefined;
  /** Whether a package may be installed on this machine as the last resort. Default true. */
  readonly allowInstall?: boolean | undefined;
  /** Hears what is being fetched; nothing when nothing is. */
  readonly report?: Report | undefined;
}

/** No way led to a server program; the message says what was tried and what a person can do. */
export class NoServerBinaryError extends Error {
  override readonly name = 'NoServerBinaryError';
}

type Step = readonly [name: string, go: () => Promise<ServerBinary>];

interface Names {
  readonly server: string;
  /**
   * The same program under another name; the tools package has it, and unlike the server package
   * starts no service.
   */
  readonly twin: string;
  readonly tools: string;
}

const NAMES: Readonly<Record<Flavour, Names>> = {
  redis: { server: 'redis-server', twin: 'redis-check-rdb', tools: 'redis-tools' },
  valkey: { server: 'valkey-server', twin: 'valkey-check-rdb', tools: 'valkey-tools' },
};

/**
 * Finds a Redis or Valkey server, or gets one: on PATH, from an earlier unpack in `cacheDir`, from
 * Debian packages unpacked without root, from `apt-get install` as root or with `sudo -n`. What is
 * found is started once with `--version` before it is believed. Several processes may call this at
 * once with one `cacheDir`.
 *
 * @throws NoServerBinaryError when all of that fails.
 */
export async function findServerBinary(options: FindServerBinaryOptions): Promise<ServerBinary> {
  const { flavour, allowFetch = true, allowInstall = true, report = () => {} } = options;
  const names = NAMES[flavour];
  const system = await osRelease();
  const place = [
    flavour,
    process.arch,
    system.get('ID') ?? process.platform,
    system.get('VERSION_ID') ?? '',
  ];
  const folder = resolve(options.cacheDir, place.filter((part) => part !== '').join('-'));
  const found: readonly Step[] = [
    ['PATH', () => fromPath(flavour)],
    ['cache', () => fromFolder(flavour, folder)],
  ];
  const fetched: readonly Step[] = [
    [
      'unpacked packages',
      () => intoCache(flavour, folder, (draft) => unpack(names, draft, report)),
    ],
    [
      'installed package',
      () => intoCache(flavour, folder, (draft) => install(names, draft, allowInstall, report)),
    ],
  ];
  const failures: string[] = [];
  for (const [name, step] of allowFetch ? [...found, ...fetched] : found) {
    try {
      return await step();
    } catch (error) {
      failures.push(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  // A server that somebody else runs is no substitute where one has to be killed or paused.
  const hint =
    flavour === 'redis'
      ? ', or\n  - where one plain server will do: start one, say in a container, and set REDIS_URL'
      : '';
  throw new NoServerBinaryError(
    [
      `No ${names.server} for the tests: it is not on PATH and could not be fetched.`,
      'What helps:',
      `  - install ${names.server} so that it is on PATH, or`,
      `  - let apt-get reach its mirrors, to unpack ${names.tools} without installing it${hint}`,
      'Tried:',
      ...failures,
    ].join('\n'),
  );
}

async function fromPath(flavour: Flavour): Promise<ServerBinary> {
  const path = await onPath(NAMES[flavour].server);
  if (path === undefined) throw new Error(`no ${NAMES[flavour].server}`);
  return probe(flavour, path, {});
}

async function fromFolder(flavour: Flavour, folder: string): Promise<ServerBinary> {
  const libraries: string[] = [];
  for (const base of [join(folder, 'usr', 'lib'), join(folder, 'lib')]) {
    const inside = await readdir(base).catch(() => []);
    libraries.push(
      ...inside.filter((name) => name.includes('-linux-')).map((name) => join(base, name)),
    );
  }
  const env = libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(':') };
  return probe(flavour, join(folder, 'usr', 'bin', NAMES[flavour].server), env);
}

function intoCache(
  flavour: Flavour,
  folder: string,
  fill: (draft: string) => Promise<void>,
): Promise<ServerBinary> {
  return fillCacheFolder({ folder, fill, find: (filled) => fromFolder(flavour, filled) });
}

async function unpack(names: Names, draft: string, report: Report): Promise<void> {
  await unpackPackage(names.tools, draft, report);
  await symlink(names.twin, join(draft, 'usr', 'bin', names.server));
}

async function install(
  names: Names,
  draft: string,
  allowed: boolean,
  report: Report,
): Promise<void> {
  if (!allowed) throw new Error('not allowed by the caller');
  const already = await onPath(names.twin);
  if (already === undefined) await installPackage(names.tools, report);
  const twin = already ?? (await onPath(names.twin));
  if (twin === undefined)
    throw new Error(`${names.tools} is installed but brought no ${names.twin}`);
  await mkdir(join(draft, 'usr', 'bin'), { recursive: true });
  await symlink(twin, join(draft, 'usr', 'bin', names.server));
}

async function probe(
  flavour: Flavour,
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<ServerBinary> {
  const said = await run(path, ['--version'], { env, timeoutMs: 10_000 });
  const [, maker = '', version] = /(\w+) server v=(\S+)/i.exec(said) ?? [];
  // Compatibility packages put a Valkey behind the name redis-server.
  if (version === undefined || maker.toLowerCase() !== flavour)
    throw new Error(`${path} is no ${flavour}: ${said.trim().slice(0, 80)}`);
  return { flavour, path, env, version };
}
