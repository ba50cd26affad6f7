// What is run against each mutant: the tests of core, and of the adapter that needs the least beside it. None asks for a server.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Mutants are made in a copy of this tree, so all that is named is named from here.
const root = fileURLToPath(new URL('../..', import.meta.url));
const conditions = ['@sess/source', 'node', 'development|production'];

/** The links between packages lead out of the copy; these lead to the sources in it. */
const alias = Object.entries({
  '@sess/core': 'core/src/index.ts',
  '@sess/core/engine': 'core/src/engine.ts',
  '@sess/core/http': 'core/src/http/index.ts',
  '@sess/core/options': 'core/src/option-checks.ts',
  '@sess/core/store': 'core/src/store/index.ts',
  '@sess/hono': 'hono/src/index.ts',
  '@sess/jwt': 'jwt/src/index.ts',
  '@sess/testkit': 'testkit/src/index.ts',
}).map(([name, source]) => ({
  find: new RegExp(`^${name}$`),
  replacement: `${root}packages/${source}`,
}));

/** Seconds long each: they come last. */
const SLOW = ['model', 'interleavings', 'adapter'];
const LEFT_OUT = [
  // Many seconds long, and about more than a line of code.
  'session/page-load-burst',
  // Each run tries something else: what they kill is killed now and then.
  'option-fuzz',
  'http/hostile-requests',
  'store/memory',
  // They load modules anew within a test: what a module does once would look as if that test alone reached it.
  'channels',
  'default-sessions',
];

/** The first test that fails ends a mutant: the quick ones go first. */
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
    include: ['packages/core/test/**/*.test.ts', 'packages/hono/test/adapter.test.ts'],
    exclude: LEFT_OUT.map((name) => `packages/core/test/${name}.test.ts`),
    sequence: { sequencer: QuickFirst },
    testTimeout: 20_000,
  },
});
