// The tests that run against each mutant: those of core, and the adapter suite on Hono. None needs a server.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Mutants are made in a copy of this repository, so paths start here.
const root = fileURLToPath(new URL('../..', import.meta.url));
const conditions = ['@sess/source', 'node', 'development|production'];

/** The links between packages lead out of the copy; these lead to the sources in it. */
const alias = ['core', 'hono', 'jwt', 'testkit'].flatMap((name) => {
  const folder = `${root}packages/${name}`;
  const { exports } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return Object.entries(exports).flatMap(([entry, { '@sess/source': source }]) =>
    source
      ? [
          {
            find: new RegExp(`^@sess/${name}${entry.slice(1)}$`),
            replacement: `${folder}/${source}`,
          },
        ]
      : [],
  );
});

/** These take seconds each and run last. */
const SLOW = ['model', 'interleavings', 'adapter'];
const LEFT_OUT = [
  // Takes many seconds.
  'session/page-load-burst',
  // Their input is random, so what they kill differs between runs.
  'option-fuzz',
  'http/hostile-requests',
  'store/memory',
  // They load modules again within a test, which makes static code look covered by that test alone.
  'channels',
  'default-sessions',
];

/** These load modules of their own. The other files share loaded modules, which saves half of the time. */
const REPLACING = ['errors', 'token/random', 'token/sha256', 'util/environment'];
const tests = (names) => names.map((name) => `packages/core/test/${name}.test.ts`);

/** The first test that fails ends a mutant, so fast files run first. */
class QuickFirst {
  sort(files) {
    const isSlow = ({ moduleId }) => SLOW.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    return files.toSorted((left, right) => isSlow(left) - isSlow(right));
  }

  shard(files) {
    return files;
  }
}

export default defineConfig({
  root,
  resolve: { conditions, alias },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          isolate: false,
          include: ['packages/core/test/**/*.test.ts', 'packages/hono/test/adapter.test.ts'],
          exclude: tests([...LEFT_OUT, ...REPLACING]),
        },
      },
      { extends: true, test: { name: 'replacing', include: tests(REPLACING) } },
    ],
    sequence: { sequencer: QuickFirst },
    testTimeout: 20_000,
  },
});
