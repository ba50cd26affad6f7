// Gets a program that an npm package carries, into a folder of its own below .cache/.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installApart, root, run } from '../../tools/lib.mjs';

export const cache = join(root, '.cache', 'runtimes');

/**
 * Installs the package unless that was done before; answers the path of its program.
 *
 * - `spec` is what npm is to install, name and version.
 * - `program` is the path within the package that fits this machine. Packages of one program for many
 *   machines have one optional dependency a machine; `scope` is the folder in which those are.
 *
 * @throws Error when npm has none, or none that runs here
 */
export async function fetchProgram({ name, spec, scope, program }) {
  const folder = join(cache, name);
  await installApart(folder, [spec]);
  const parent = join(folder, 'node_modules', scope);
  for (const entry of existsSync(parent) ? readdirSync(parent).sort() : []) {
    const path = join(parent, entry, program);
    // Several may have come: of those for other C libraries none starts.
    if (existsSync(path) && (await run(path, ['--version'], { quiet: true })).code === 0)
      return path;
  }
  throw new Error(`${spec} holds no program that runs on ${process.platform} ${process.arch}`);
}
