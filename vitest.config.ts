import { defineConfig } from 'vitest/config';
import { createProject, listProjects, readTier } from './test/projects.js';

const run = readTier(process.env);

export default defineConfig({
  test: {
    // Most tests wait for servers, not for a processor.
    maxWorkers: 3,
    // Once for each run: finds the Redis and Valkey that tests ask for by inject('servers').
    globalSetup: 'test/servers/vitest/global-setup.ts',
    projects: listProjects(run.tier).map((name) => createProject(name, run)),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html'],
    },
  },
});
