// Packs every package as it would be published, with `pnpm pack`, because `npm pack` leaves `workspace:` ranges in
// the manifest.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build, fail, pnpm, published } from './lib.mjs';

/** @returns {Promise<{ dir: string, name: string, manifest: object, tarball: string }[]>} manifests as packed */
export async function packAll(folder) {
  const packages = published();
  await build();

  const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name]);
  const packed = await pnpm([...filters, 'pack', '--pack-destination', folder], { quiet: true });
  if (packed.code !== 0) fail(packed.output, packed.code);
  return packages.map(({ dir, manifest: { name, version } }) => {
    const tarball = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    return { dir, name, tarball, manifest: JSON.parse(readPacked(tarball, 'package.json')) };
  });
}

/** A file of a tarball, by its name below `package/`. */
export function readPacked(tarball, name) {
  return execFileSync('tar', ['-xzOf', tarball, `package/${name}`], {
    encoding: 'utf8',
    maxBuffer: 32 * 1024 * 1024,
  });
}

/** The names of a tarball's files, below `package/`. */
export function listPacked(tarball) {
  const lines = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.replace(/^package\//, ''));
}

/** Unpacks a tarball into a folder that is there. */
export function unpack(tarball, folder) {
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
}
