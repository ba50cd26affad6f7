// Gets packages that only some commands need, from npm, on the first run: nobody else has to wait for them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/**
 * Installs packages into a folder of their own, unless just these are there already. What they take as given, their
 * peers, they find in this tree, which the folder is in.
 *
 * @throws Error when npm has none
 */
export async function installApart(folder, specs) {
  const stamp = join(folder, 'installed.txt');
  const wanted = specs.join(' ');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  // Their scripts only move a program about, or fetch one where npm has none.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'];
  const args = ['install', ...flags, ...specs];
  const { code, output } = await run('npm', args, { cwd: folder, quiet: true });
  if (code !== 0) throw new Error(`npm could not install ${wanted}: ${output.trim()}`);
  writeFileSync(stamp, wanted);
}
