import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillCacheFolder } from './cache-folder.js';
import { onPath, run } from './run.js';

/** Takes one line about what is being done. */
export type Report = (line: string) => void;

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Unpacks a Debian or Ubuntu package, and what it needs that is not installed, into a folder; no
 * root wanted, nothing on the system is changed. Signatures are checked by apt as ever.
 *
 * The package lists of the machine are tried first. When they are empty or so old that the mirror
 * has dropped the versions they name, private ones are fetched from the same sources (about 10 MB).
 *
 * @throws Error naming what failed, when the package cannot be had.
 */
export async function unpackPackage(name: string, into: string, report: Report): Promise<void> {
  if ((await onPath('apt-get')) === undefined || (await onPath('dpkg-deb')) === undefined)
    throw new Error('there is no apt-get and dpkg-deb on PATH');
  const scratch = join(into, '.apt');
  const privateLists = async (): Promise<string[]> => {
    report(`apt: fetching package lists into a private folder for ${name}`);
    return fetchLists(scratch, name);
  };
  const failures: string[] = [];
  for (const view of [async () => cacheOptions(scratch), privateLists]) {
    try {
      await mkdir(join(scratch, 'cache', 'archives', 'partial'), { recursive: true });
      await downloadAndUnpack(name, into, scratch, await view(), report);
      return await rm(scratch, { recursive: true, force: true });
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(failures.join('; '));
}

/**
 * Returns the folder that holds `usr` with a program: `/` if it is installed, else the cache, into which its Debian packages
 * are unpacked without changing the machine.
 *
 * @throws {Error} if the packages cannot be had, or do not hold the program
 */
export async function findUnpacked(
  name: string,
  { cache, program }: { readonly cache: string; readonly program: string },
): Promise<string> {
  for (const root of ['/', cache]) if (await isThere(join(root, program))) return root;
  return fillCacheFolder({
    folder: cache,
    fill: (draft) => unpackPackage(name, draft, () => undefined),
    async find(folder) {
      if (await isThere(join(folder, program))) return folder;
      throw new Error(`the packages of ${name} hold no ${program}`);
    },
  });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Installs a package for everyone: as root, else with `sudo -n`, which never asks for a password.
 * @throws Error when this user may not, or apt-get fails.
 */
export async function installPackage(name: string, report: Report): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const [program, prefix] = isRoot ? ['apt-get', []] : ['sudo', ['-n', 'apt-get']];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await onPath(program)) === undefined) throw new Error(`there is no ${program} on PATH`);
  report(`apt: installing ${name}${isRoot ? '' : ' with sudo -n'}`);
  // A source that cannot be reached fails the update; whether the others suffice is for the install
  // to say.
  await run(program, [...prefix, 'update'], { env }).catch(() => '');
  await run(program, [...prefix, 'install', '-y', '--no-install-recommends', name], { env });
}

async function downloadAndUnpack(
  name: string,
  into: string,
  scratch: string,
  apt: readonly string[],
  report: Report,
): Promise<void> {
  // --reinstall, because the package itself is wanted here even where it is installed.
  const simulate = ['install', '--simulate', '--reinstall', '--no-install-recommends', name];
  const plan = await run('apt-get', [...apt, ...simulate]);
  const wanted = [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(
    ([, pkg, v]) => `${pkg}=${v}`,
  );
  if (wanted.length === 0) throw new Error(`apt-get would install nothing for ${name}`);
  report(`apt: downloading ${wanted.join(', ')}`);
  const archives = join(scratch, 'archives');
  await mkdir(archives, { recursive: true });
  await run('apt-get', [...apt, 'download', ...wanted], { cwd: archives });
  for (const file of await readdir(archives))
    await run('dpkg-deb', ['-x', join(archives, file), into]);
}

async function fetchLists(scratch: string, name: string): Promise<string[]> {
  const lists = join(scratch, 'lists');
  await mkdir(join(lists, 'partial'), { recursive: true });
  const options = [...cacheOptions(scratch), '-o', `Dir::State::lists=${lists}`];
  // As above: one dead source among many is no reason to stop.
  const update = (): Promise<string> => run('apt-get', [...options, 'update']).catch(() => '');
  const system = await osRelease();
  const release = system.get('VERSION_CODENAME');
  if (name.startsWith('valkey') && system.get('ID') === 'debian' && release === 'bookworm') {
    // Debian 12 has Valkey in its backports only; the mirror that this machine uses anyway carries
    // them.
    const mirror =
      (await mirrorOf(release, ['-q'])) ?? (await update().then(() => mirrorOf(release, options)));
    if (mirror === undefined)
      throw new Error(`no configured source of ${release}/main to derive the backports from`);
    const sources = await readFile('/etc/apt/sources.list', 'utf8').catch(() => '');
    const file = join(scratch, 'sources.list');
    await writeFile(
      file,
      `${sources}\ndeb ${await signedBy()}${mirror} ${release}-backports main\n`,
    );
    options.push('-o', `Dir::Etc::sourcelist=${file}`);
  }
  await update();
  return options;
}

function cacheOptions(scratch: string): string[] {
  const settings = [
    `Dir::Cache=${join(scratch, 'cache')}`,
    // Off in container images; on, apt reads the lists once and not with every command, which saves
    // a second each.
    'Dir::Cache::pkgcache=pkgcache.bin',
    'Dir::Cache::srcpkgcache=srcpkgcache.bin',
    'Acquire::Retries=2',
  ];
  return ['-q', ...settings.flatMap((setting) => ['-o', setting])];
}

/** The base address of `release`/main; apt names only sources whose lists have been fetched. */
async function mirrorOf(release: string, options: readonly string[]): Promise<string | undefined> {
  const format = '$(RELEASE) $(CODENAME) $(COMPONENT) $(REPO_URI)';
  const targets = await run('apt-get', [
    ...options,
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  const rows = targets.split('\n').map((line) => line.split(' '));
  return rows.find(
    ([suite, code, part]) => (suite === release || code === release) && part === 'main',
  )?.[3];
}

async function signedBy(): Promise<string> {
  return (await isThere(KEYRING)) ? `[signed-by=${KEYRING}] ` : '';
}

/** `/etc/os-release` as a map, empty where there is none. */
export async function osRelease(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const pairs = [...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)];
  return new Map(pairs.map(([, key = '', value = '']) => [key, value]));
}
