// Installs a program from an npm package into a folder below .cache/.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installApart, root, run } from '../../tools/lib.mjs';

export const cache = join(root, '.cache', 'runtimes');

/**
 * Installs the package, if it is not installed yet, and returns the path of its program.
 *
 * - `spec` is the name and version for npm.
 * - `program` is the path within the package that fits this machine. Packages of one program for many
 *   machines have one optional dependency a machine; `scope` is the folder in which those are.
 *
 * @throws {Error} when npm has no such package, or none of its programs runs here
 */
export async function fetchProgram({ name, spec, scope, program }) {
  const folder = join(cache, name);
  await installApart(folder, [spec]);
  const parent = join(folder, 'node_modules', scope);
  for (const entry of existsSync(parent) ? readdirSync(parent).sort() : []) {
    const path = join(parent, entry, program);
    // Several may be installed; those for other C libraries do not start.
    if (existsSync(path) && (await run(path, ['--version'], { quiet: true })).code === 0)
      return path;
  }
  throw new Error(`${spec} holds no program that runs on ${process.platform} ${process.arch}`);
}
