// Builds the packages of an earlier commit into a folder below .cache/, with the dependencies of this tree.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { bin, root, run } from '../../tools/lib.mjs';

/**
 * What this build runs beside: the last release. Until there is one, a commit that stores what this one stores. The
 * layout in Redis changed with the commit named here: an earlier build lists no subject with one session of a later.
 */
export const EARLIER = {
  redis: '20e2ce7a31f6',
  sqlite: 'ac19ed1a269a',
  postgres: 'ac19ed1a269a',
};
const PACKAGES = ['core', 'jwt', 'redis', 'sql'];

/** Returns why the commit cannot be built here; `undefined` if it can. */
export function whyNoEarlier(commit) {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' });
    return undefined;
  } catch {
    return `the history of this clone has no commit ${commit}`;
  }
}

/**
 * Returns the folder of the built packages.
 *
 * @throws {Error} with the output of the compiler, if it fails
 */
export async function buildEarlier(commit) {
  // Named by what is built, too: a folder of before lacks a package that was added to the list.
  const folder = join(root, '.cache', 'earlier', `${commit}-${PACKAGES.join('-')}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}-${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const paths = [
    'tsconfig.base.json',
    'package.json',
    ...PACKAGES.map((name) => `packages/${name}`),
  ];
  const archive = execFileSync('git', ['archive', commit, ...paths], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', draft], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(draft, 'node_modules'));
  // Links that lead from a package to its dependencies, and to the packages beside it.
  for (const name of PACKAGES) {
    const modules = join('packages', name, 'node_modules');
    cpSync(join(root, modules), join(draft, modules), { recursive: true, verbatimSymlinks: true });
  }
  const projects = PACKAGES.map((name) => join(draft, 'packages', name));
  const { code, output } = await run(bin('tsc'), ['-b', ...projects], { quiet: true });
  if (code !== 0) throw new Error(`${commit} does not build: ${output.trim()}`);
  mkdirSync(join(folder, '..'), { recursive: true });
  // Another process may have been faster.
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return folder;
}

/** The files of records that earlier states have written. */
export function listRecords() {
  const folder = join(root, 'test', 'upgrade', 'records');
  return readdirSync(folder).map((name) => join(folder, name));
}
