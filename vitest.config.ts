import { defineConfig } from 'vitest/config';

// Tests run against src/, not dist/: the first condition is the one that tsconfig.base.json names,
// the others are vite's own, which a list of one's own replaces. But for 'module': it leads to files that are meant
// for bundlers, and Node, which runs the tests, cannot load those of @opentelemetry/api.
const conditions = ['@sess/source', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Most tests wait for servers, not for a processor.
    maxWorkers: 3,
    // A process that starts on a busy machine takes its time; what hangs is still found.
    testTimeout: 20_000,
    // Once for each run: finds the Redis and Valkey that tests ask for by inject('servers').
    globalSetup: 'test/servers/vitest/global-setup.ts',
    // In every file: no secret that a test issues may be printed, logged or told.
    setupFiles: ['test/canary/watch.ts'],
    include: [
      '{packages,examples}/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      '{tools,test}/**/*.test.mjs',
      'bench/**/*.test.mjs',
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html'],
    },
  },
});
