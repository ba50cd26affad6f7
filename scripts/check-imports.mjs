// Checks the sources against scripts/imports/table.mjs: forbidden imports, cycles, fenced words,
// index files that hold more than exports, and rows of the table that match nothing any more.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage } from './imports/check.mjs';
import { fences, packages } from './imports/table.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const problems = [];
let files = 0;

for (const unit of packages) {
  const sources = readSources(join(root, unit.folder));
  files += sources.size;
  problems.push(...checkPackage(unit, sources, fences));
}
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = `packages/${name}/src`;
  if (packages.some((unit) => unit.folder === folder) || !existsSync(join(root, folder))) continue;
  problems.push(`${folder} has no rows in scripts/imports/table.mjs; give it some`);
}
for (const path of fences.flatMap(({ except = [] }) => except)) {
  if (existsSync(join(root, path))) continue;
  problems.push(`'${path}', an exception in scripts/imports/table.mjs, does not exist`);
}

for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) {
  process.stdout.write(`imports: ${problems.length} problem(s)\n`);
  process.exit(1);
}
process.stdout.write(`imports: ${files} files follow the table, no cycles\n`);

/** All TypeScript files below a folder: path with forward slashes, and text. */
function readSources(folder) {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  return new Map(
    paths.map((path) => [relative(folder, path).split(sep).join('/'), readFileSync(path, 'utf8')]),
  );
}
