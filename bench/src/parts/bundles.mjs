// What an application's bundle grows by: each package by itself, minified and compressed.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { createGroup } from '../groups.mjs';

/** Entry → bytes that DESIGN allows; none where nothing was promised. */
const BUDGETS = new Map([
  ['@sess/core', 9_000],
  ['@sess/core/http', undefined],
  ['@sess/express', 2_000],
  ['@sess/fastify', 2_000],
  ['@sess/hono', 2_000],
  ['@sess/client', 3_000],
  ['@sess/redis', undefined],
  ['@sess/jwt', undefined],
]);

export async function measureBundles({ onRound }) {
  const entries = [...BUDGETS];
  const seen = new Map();
  for (const [n, [entry, budget]] of entries.entries()) {
    onRound(entry, n + 1, entries.length);
    const bytes = await sizeOf(entry);
    const cells = {
      'budget, B': budget ?? '',
      'of the budget': budget === undefined ? '' : (bytes / budget).toFixed(2),
    };
    seen.set(entry, { median: bytes, low: bytes, high: bytes, cells });
  }
  return [
    createGroup({
      id: 'bundles',
      title: 'Size of a bundle, minified and gzipped',
      unit: 'B',
      seen,
      baseline: '@sess/core',
      notes: [
        'By esbuild, with gzip at its default level. Everything that a package exports, without what it depends on: adapters without @sess/core, @sess/jwt without jose.',
      ],
    }),
  ];
}

async function sizeOf(entry) {
  const own = entry.split('/').slice(0, 2).join('/');
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '${entry}';`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'own-files-only',
        setup(builder) {
          builder.onResolve({ filter: /^[^./]/ }, ({ path }) =>
            path === own || path.startsWith(`${own}/`) ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  return gzipSync(outputFiles[0].contents).length;
}
