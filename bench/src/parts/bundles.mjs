// The bytes that a package adds to a bundle, minified and gzipped, as size-limit measures them. Entries and budgets
// are the `size-limit` block of the root manifest, which `npm run check` enforces.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGroup } from '../groups.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export async function measureBundles({ onRound }) {
  onRound('size-limit', 1, 1);
  const entries = await runSizeLimit();
  const seen = new Map(
    entries.map(({ name, size, sizeLimit }) => {
      const cells = { 'budget, B': sizeLimit, 'of the budget': (size / sizeLimit).toFixed(2) };
      return [name, { median: size, low: size, high: size, cells }];
    }),
  );
  return [
    createGroup({
      id: 'bundles',
      title: 'Size of a bundle, minified and gzipped',
      unit: 'B',
      seen,
      baseline: entries[0].name,
      notes: ['By size-limit. Adapters are measured without @sess/core and their framework.'],
    }),
  ];
}

/** size-limit exits with 1 when a budget is exceeded, and still prints the figures. */
async function runSizeLimit() {
  const bin = `${ROOT}node_modules/.bin/size-limit`;
  const { stdout } = await promisify(execFile)(bin, ['--json'], { cwd: ROOT }).catch((error) => {
    if (error.code === 1 && error.stdout) return error;
    throw error;
  });
  return JSON.parse(stdout);
}
