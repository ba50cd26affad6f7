// What every command needs first, on a machine that has only Node and npm: the right Node, the
// dependencies, the build. Each step is skipped when there is nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.cache', 'sess-install.json');

/** Prints one line and leaves: a stack trace of these scripts helps nobody. */
export function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** Names and manifests of all workspace packages; the folders are those of pnpm-workspace.yaml. */
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

function readManifest(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

export function checkNode() {
  const wanted = readManifest(root).engines.node.replace('>=', '');
  const [major, minor] = wanted.split('.').map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Node.js ${wanted} or newer is needed; this is ${process.versions.node}.`);
}

/** The pinned pnpm, whether or not one is installed. */
export function pnpm(args, options) {
  const { packageManager } = readManifest(root);
  return run('npx', ['--yes', packageManager, ...args], {
    cwd: root,
    ...options,
    // Without a terminal pnpm would stop and ask before it replaces a node_modules folder.
    env: { CI: 'true', npm_config_update_notifier: 'false', ...options?.env },
  });
}

/** An executable of a package that the root, or the workspace folder `from`, depends on. */
export function bin(name, from = root) {
  return join(from, 'node_modules', '.bin', name);
}

/** Whatever changes what an install gives. */
function installHash() {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${process.arch}`,
  );
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((f) => join(root, f));
  for (const { dir } of workspace()) files.push(join(dir, 'package.json'));
  for (const file of files) hash.update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return { hash: '', scopes: [] };
  }
}

/**
 * Installs what the lock file says, unless that was done before. With `only`, just that workspace
 * package and what it is made of: enough to run an example, and much less to download.
 */
export async function install({ only } = {}) {
  const hash = installHash();
  const stamp = readStamp();
  const known = stamp.hash === hash ? stamp.scopes : [];
  if (known.includes('all') || (only && known.includes(only))) return;

  process.stderr.write('installing dependencies (first run only) ...\n');
  // Gone while the install runs, so that an interrupted one is not taken for a finished one.
  rmSync(stampFile, { force: true });
  const filter = only ? ['--filter', `${only}...`] : [];
  const { code, output } = await pnpm([...filter, 'install', '--frozen-lockfile'], { quiet: true });
  if (code !== 0) fail(`${output}\ninstalling the dependencies failed (exit code ${code})`, code);
  mkdirSync(dirname(stampFile), { recursive: true });
  const scopes = [...known, only ?? 'all'];
  writeFileSync(stampFile, `${JSON.stringify({ hash, scopes })}\n`);
}

/** Builds a project and those it refers to; a few tenths of a second when nothing changed. */
export async function build(project = root) {
  const sample = project === root ? join(root, 'packages', 'core') : project;
  if (!existsSync(join(sample, 'dist'))) process.stderr.write('building ...\n');
  const compiler = existsSync(bin('tsc', project)) ? bin('tsc', project) : bin('tsc');
  const { code, output } = await run(compiler, ['-b', project], { cwd: root, quiet: true });
  if (code !== 0) fail(`${output}\nthe build failed (exit code ${code})`, code);
}
