// Installs, builds and starts the programs of examples/recipes, each in a separate folder below .cache/.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, root, run } from '../../tools/lib.mjs';
import { fetchProgram } from '../runtimes/fetch.mjs';
import { runtimes } from '../runtimes/table.mjs';

const PATIENCE_MS = 60_000;
/** Frameworks that would report what is built, and to whom. */
const NO_TELEMETRY = {
  ASTRO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
};

/**
 * Returns the folder of an installed and built copy. Packages of npm stay from run to run; those of this repository are
 * copied from their builds, as they would be published.
 *
 * @throws {Error} with the output, if a step fails
 */
export async function prepareRecipe(name) {
  const source = join(root, 'examples', 'recipes', name);
  const folder = join(root, '.cache', 'recipes', name);
  const manifest = readManifest(source);
  const all = Object.entries(manifest.dependencies);
  const own = all.map(([id]) => id).filter((id) => id.startsWith('@sess/'));
  const dependencies = {
    ...Object.fromEntries(all.filter(([id]) => !own.includes(id))),
    ...Object.assign({}, ...own.map(foreignDependencies)),
  };
  await install(folder, { ...manifest, dependencies });
  for (const id of own) copyPackage(id, join(folder, 'node_modules', id));
  cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith('package.json') });
  if (manifest.scripts.build) await npm(['run', 'build'], folder);
  return folder;
}

function packageFolder(id) {
  return join(root, 'packages', id.slice('@sess/'.length));
}

/** In the versions that are installed here: the manifest may name them by the catalog of the workspace. */
function foreignDependencies(id) {
  const { dependencies = {} } = readManifest(packageFolder(id));
  const foreign = Object.keys(dependencies).filter((to) => !to.startsWith('@sess/'));
  const installed = foreign.map((to) => join(packageFolder(id), 'node_modules', to));
  return Object.fromEntries(foreign.map((to, at) => [to, readManifest(installed[at]).version]));
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function copyPackage(id, target) {
  rmSync(target, { recursive: true, force: true });
  for (const part of ['dist', 'package.json'])
    cpSync(join(packageFolder(id), part), join(target, part), { recursive: true });
}

async function install(folder, manifest) {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const stamp = join(folder, 'installed.txt');
  const hash = createHash('sha256').update(text).update(process.version).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), text);
  await npm(['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'], folder);
  writeFileSync(stamp, hash);
}

async function npm(args, cwd) {
  const { code, output } = await run('npm', args, { cwd, quiet: true, env: NO_TELEMETRY });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} in ${cwd}: ${output.trim()}`);
}

/** Runs the script `start` of a recipe on a free port, and returns its origin and how to end it. */
export async function startRecipe(folder, variables = {}) {
  const port = await freePort('localhost');
  const env = { ...process.env, ...NO_TELEMETRY, ...variables, PORT: `${port}` };
  env.PATH = [...(await programFolders(folder)), env.PATH].join(delimiter);
  // A process group, because the script starts processes that would survive it.
  const child = spawn('npm', ['start'], { cwd: folder, env, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close');
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  const kill = () => {
    if (child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', kill);
  const base = `http://localhost:${port}`;
  try {
    await Promise.race([
      untilListening(base),
      ended.then(() => Promise.reject(new Error('it ended'))),
    ]);
  } catch (error) {
    await stop();
    throw new Error(`the recipe does not listen: ${output.trim()}`, { cause: error });
  }
  return { base, stop, output: () => output };
}

/** The script may be for Bun or Deno, which are fetched as for the tests of runtimes. */
async function programFolders(folder) {
  const { scripts } = readManifest(folder);
  const wanted = runtimes.filter(({ name }) => scripts.start.startsWith(`${name.toLowerCase()} `));
  return Promise.all(wanted.map(async (entry) => dirname(await fetchProgram(entry.package))));
}

async function untilListening(base) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    try {
      await fetch(base, { redirect: 'manual' });
      return;
    } catch {
      // Not yet.
    }
  }
  throw new Error('no response');
}
