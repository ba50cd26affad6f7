// Gets a program that an npm package carries, into a folder of its own below .cache/.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';
import { root } from '../setup.mjs';

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
  const stamp = join(folder, 'installed.txt');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== spec) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    // Their scripts only move the program about, or fetch one where npm has none.
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', spec];
    const { code, output } = await run('npm', args, { cwd: folder, quiet: true });
    if (code !== 0) throw new Error(`npm could not install ${spec}: ${output.trim()}`);
    writeFileSync(stamp, spec);
  }
  const parent = join(folder, 'node_modules', scope);
  for (const entry of existsSync(parent) ? readdirSync(parent).sort() : []) {
    const path = join(parent, entry, program);
    // Several may have come: of those for other C libraries none starts.
    if (existsSync(path) && (await run(path, ['--version'], { quiet: true })).code === 0)
      return path;
  }
  throw new Error(`${spec} holds no program that runs on ${process.platform} ${process.arch}`);
}
