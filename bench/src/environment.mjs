// What figures depend on: they mean nothing without it.
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));

export function describeMachine() {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${arch()}`,
    node: process.versions.node,
    load: loadavg()[0],
  };
}

/** Versions of everything that is compared, as they are installed. */
export function readVersions() {
  const manifest = readManifest(FOLDER);
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const versions = new Map();
  for (const name of names.sort()) {
    // Our own are the ones of this tree.
    if (name.startsWith('@sess/')) continue;
    versions.set(name, readManifest(join(FOLDER, 'node_modules', name)).version);
  }
  return versions;
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
