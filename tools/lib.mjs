// What the commands need on a machine that has only Node and npm: the right Node, the dependencies, the build.
// Each step is skipped when there is nothing to do.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.cache', 'sess-install.json');
const KILL_AFTER_MS = 3000;

/** Prints one line and ends the process. */
export function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/**
 * Runs a command and resolves to its exit code and output.
 *
 * - `quiet` collects the output instead of printing it.
 * - `group` (always, when quiet) gives it a process group, so that SIGINT and SIGTERM reach all that it started.
 *   Such a command cannot read the terminal.
 *
 * After SIGINT or SIGTERM this process ends too, once the command has.
 */
export function run(command, args, { quiet = false, group = quiet, cwd = root, env } = {}) {
  return new Promise((resolve) => {
    const input = group ? 'ignore' : 'inherit';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : [input, 'inherit', 'inherit'],
      detached: group,
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));

    const target = group ? -child.pid : child.pid;
    let ended;
    const forward = (signal) => {
      ended ??= signal;
      sendSignal(target, signal);
      setTimeout(() => sendSignal(target, 'SIGKILL'), KILL_AFTER_MS).unref();
    };
    process.on('SIGINT', forward).on('SIGTERM', forward);

    const done = (code, text) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      if (ended) {
        if (group) sendSignal(target, 'SIGKILL');
        process.exit(128 + constants.signals[ended]);
      }
      resolve({ code, output: text });
    };
    child.on('error', (error) => done(127, `${output}${error.message}\n`));
    child.on('close', (code, signal) => done(code ?? 128 + constants.signals[signal], output));
  });
}

function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // It has ended already.
  }
}

/** Returns the folders and manifests of all workspace packages; the folders are those of pnpm-workspace.yaml. */
export function workspace(tree = root) {
  const grouped = ['packages', 'examples', 'test'].flatMap((group) =>
    readdirSync(join(tree, group), { withFileTypes: true })
      .map((entry) => join(tree, group, entry.name))
      .filter((dir) => existsSync(join(dir, 'package.json')))
      .sort(),
  );
  return [...grouped, join(tree, 'bench'), join(tree, 'docs')].map((dir) => ({
    dir,
    manifest: readManifest(dir),
  }));
}

/** Returns the published packages of the workspace. */
export function published(tree = root) {
  return workspace(tree).filter(({ manifest }) => !manifest.private);
}

function readManifest(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

/** Ends the process if this Node is older than the one that `engines` names. */
export function checkNode() {
  const wanted = readManifest(root).engines.node.replace('>=', '');
  const [major, minor] = wanted.split('.').map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Expected Node.js ${wanted} or newer, got ${process.versions.node}.`);
}

/** Returns the pinned package manager: for npm, `name@version`, and the hexadecimal SHA-512 of its package. */
export function packageManager(tree = root) {
  const [spec, hash = ''] = readManifest(tree).packageManager.split('+');
  return { spec, sha512: hash.replace(/^sha512\./, '') };
}

/** Runs the pinned pnpm, which need not be installed. */
export function pnpm(args, options) {
  return run('npx', ['--yes', packageManager().spec, ...args], {
    ...options,
    // Without a terminal pnpm would stop and ask before it replaces a node_modules folder.
    env: { CI: 'true', npm_config_update_notifier: 'false', ...options?.env },
  });
}

/** Returns the path of an executable that the root, or the workspace folder `from`, depends on. */
export function bin(name, from = root) {
  return join(from, 'node_modules', '.bin', name);
}

/** Returns a digest of everything that decides what an install gives. */
function installHash() {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${process.arch}`,
  );
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((f) => join(root, f));
  for (const { dir } of workspace()) files.push(join(dir, 'package.json'));
  for (const file of files) hash.update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

/** A stamp that is missing or damaged costs one more install. */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return { hash: '', scopes: [] };
  }
}

/**
 * Installs what the lock file names, unless the stamp of an earlier install matches. `only` limits it to one
 * workspace package and its dependencies, which is enough to run an example.
 */
export async function install({ only } = {}) {
  const hash = installHash();
  const stamp = readStamp();
  const known = stamp.hash === hash ? stamp.scopes : [];
  if (known.includes('all') || (only && known.includes(only))) return;

  process.stderr.write('installing dependencies (first run only) ...\n');
  // Removed while the install runs, so that an interrupted one leaves no stamp.
  rmSync(stampFile, { force: true });
  const filter = only ? ['--filter', `${only}...`] : [];
  const { code, output } = await pnpm([...filter, 'install', '--frozen-lockfile'], { quiet: true });
  if (code !== 0) fail(`${output}\nInstalling the dependencies failed (exit code ${code}).`, code);
  mkdirSync(dirname(stampFile), { recursive: true });
  const scopes = [...known, only ?? 'all'];
  writeFileSync(stampFile, `${JSON.stringify({ hash, scopes })}\n`);
}

/** Builds a project and those it refers to; takes a few tenths of a second when nothing changed. */
export async function build(project = root) {
  const sample = project === root ? join(root, 'packages', 'core') : project;
  if (!existsSync(join(sample, 'dist'))) process.stderr.write('building ...\n');
  const compiler = existsSync(bin('tsc', project)) ? bin('tsc', project) : bin('tsc');
  const { code, output } = await run(compiler, ['-b', project], { quiet: true });
  if (code !== 0) fail(`${output}\nThe build failed (exit code ${code}).`, code);
}

/** Checks Node, installs and builds: what every command begins with. */
export async function prepare() {
  checkNode();
  await install();
  await build();
}

/**
 * Installs packages from npm into a folder of their own, unless exactly these are there already: tools that few
 * commands need, so that a normal install does not fetch them. `manifest` is added to the manifest of the folder.
 *
 * @throws {Error} when npm cannot install them
 */
export async function installApart(folder, specs, manifest = {}) {
  const stamp = join(folder, 'installed.txt');
  const text = `${JSON.stringify({ private: true, ...manifest })}\n`;
  const wanted = `${specs.join(' ')}${Object.keys(manifest).length > 0 ? ` ${text}` : ''}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), text);
  // Peer dependencies are found in this repository, which holds the folder.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'];
  const { code, output } = await run('npm', ['install', ...flags, ...specs], {
    cwd: folder,
    quiet: true,
  });
  if (code !== 0) throw new Error(`npm could not install ${wanted}: ${output.trim()}`);
  writeFileSync(stamp, wanted);
}

/** Resolves to a port of `host` that nothing listens on, for a program that has to be given one. */
export async function freePort(host = '127.0.0.1') {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
