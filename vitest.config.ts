import { defineConfig } from 'vitest/config';
import { createProject, listProjects, type ProjectName, readTier } from './test/projects.js';
import { provideRedis } from './test/servers/vitest/global-setup.js';
import { TiersReporter } from './test/tiers-reporter.js';

const run = readTier(process.env);

/** Without a Redis the short tier leaves out the tests that need one; the other tiers fail in them. */
async function chooseProjects(): Promise<readonly ProjectName[]> {
  const names = listProjects(run.tier);
  if (run.tier !== 'short') return names;
  const { missing } = await provideRedis();
  if (missing === undefined) return names;
  process.stderr.write(`The tests on Redis are left out: there is no server.\n${missing}\n`);
  return names.filter((name) => name !== 'redis');
}

const names = await chooseProjects();

export default defineConfig({
  test: {
    // Most tests wait for servers, not for a processor.
    maxWorkers: 3,
    reporters: ['default', new TiersReporter()],
    // Once for each run: finds the Redis and Valkey that tests ask for by inject('servers').
    globalSetup: 'test/servers/vitest/global-setup.ts',
    projects: names.map((name) => createProject(name, run)),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html'],
    },
  },
});
