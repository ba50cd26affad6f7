import type { UserWorkspaceConfig } from 'vitest/config';

// Tests run against src/, not dist/: the first condition is the one that tsconfig.base.json names. The others are
// vite's own without 'module', which leads to files for bundlers that Node cannot load (@opentelemetry/api).
const conditions = ['@sess/source', 'node', 'development|production'];

/** A group of test files that run alike, chosen by path. */
export type ProjectName =
  | 'unit'
  | 'isolated'
  | 'property'
  | 'adapters'
  | 'redis'
  | 'sql'
  | 'browser'
  | 'examples'
  | 'docs'
  | 'servers'
  | 'tools';

/** The set of tests to run: `short` is `npm test`, `all` is `npm run test:all`, `nightly` is `npm run test:nightly`. */
export type Tier = 'short' | 'all' | 'nightly';

/** The share of their full size at which repeated tests run, unless SESS_SCALE is set. */
const SCALES: Readonly<Record<Tier, number>> = { short: 0.05, all: 0.25, nightly: 1 };

/** The files of each project. A file belongs to the first project whose globs match it. */
const FILES: Readonly<Record<ProjectName, readonly string[]>> = {
  browser: [
    'packages/{bound,client}/test/browser/**/*.test.ts',
    'test/demo/*/page.test.ts',
    'test/pages/*.test.ts',
    'test/servers/test/browser.test.ts',
  ],
  servers: ['test/servers/test/*.test.ts'],
  docs: ['test/docs/**/*.test.ts', 'docs/test/*.test.ts'],
  tools: ['test/{packages,runtimes,tools}/**/*.test.{ts,mjs}', 'bench/**/*.test.mjs'],
  examples: [
    'examples/*/test/**/*.test.ts',
    'test/demo/**/*.test.ts',
    'test/{examples,start}.test.ts',
    'test/canary/examples.test.ts',
    'test/recipes/*.test.mjs',
  ],
  adapters: ['packages/*/test/adapter.test.ts', 'packages/otel/test/instrument.test.ts'],
  // Files that replace a module or a built-in, or that test the leak detector.
  isolated: [
    'packages/core/test/**/random.test.ts',
    'test/canary/watch.test.ts',
    'test/canary/trap.test.ts',
  ],
  property: [
    'packages/{core,jwt}/test/**/*{fuzz,interleavings}.test.ts',
    'packages/client/test/simulation.test.ts',
    'packages/redis/test/option-fuzz.test.ts',
    'packages/redis/test/store/codec-fuzz.test.ts',
    'packages/core/test/**/{model,page-load-burst,hostile-requests}.test.ts',
    'packages/simulation/test/**/*.test.ts',
  ],
  redis: [
    // Its engines keep their sessions in a Redis that fails.
    'test/canary/engines.test.ts',
    'packages/express/test/classic/redis/*.test.ts',
    'packages/redis/test/*.test.ts',
    'packages/redis/test/{client,denylist,faults,near-cache,replay,smoke,store}/**/*.test.ts',
    'packages/redis/test/history/history.test.ts',
  ],
  // One SQLite in process is in `unit`; these start servers of their own.
  sql: [
    'packages/sql/test/{postgres,mysql,cost,history,runtimes,server,simulation}/**/*.test.ts',
    'packages/adopt/test/servers/*.test.ts',
    'test/upgrade/*.test.mjs',
  ],
  unit: ['packages/*/test/**/*.test.ts', 'test/*.test.ts', 'test/{canary,history}/*.test.ts'],
};

/** What `short` runs: all of the first projects, and these files of the others. */
const SHORT: Readonly<Partial<Record<ProjectName, 'all' | readonly string[]>>> = {
  unit: 'all',
  isolated: 'all',
  // The tests of the simulation itself, which looks for faults that are made on purpose, wait for `all`.
  property: [
    ...FILES.property.filter((glob) => !glob.startsWith('packages/simulation/')),
    'packages/simulation/test/{memory,page-loads,thieves}.test.ts',
  ],
  adapters: ['packages/{express,fastify,hono}/test/adapter.test.ts'],
  redis: [
    'packages/express/test/classic/redis/*.test.ts',
    'packages/redis/test/smoke/*.test.ts',
    'packages/redis/test/{near-cache/near-cache,round-trips}.test.ts',
  ],
};

/** The projects in which every test file watches for leaked secrets. */
const WATCHED: Readonly<Record<Tier, readonly ProjectName[]>> = {
  short: ['isolated'],
  all: ['isolated', 'adapters', 'redis', 'property'],
  nightly: Object.keys(FILES) as ProjectName[],
};

/** Returns the tier and the scale that the environment asks for; without a tier, every test at the scale of `all`. */
export function readTier(env: Readonly<Record<string, string | undefined>>): {
  readonly tier: Tier;
  readonly scale: number;
} {
  const tier = env['SESS_TIER'] ?? 'all';
  if (!isTier(tier))
    throw new TypeError(`SESS_TIER: expected short, all or nightly, got ${tier}. Unset it.`);
  const given = env['SESS_SCALE'];
  const scale = given === undefined ? SCALES[tier] : Number(given);
  if (!(scale > 0))
    throw new TypeError(`SESS_SCALE: expected a number above 0, got ${given}. Write 1 for all.`);
  return { tier, scale };
}

function isTier(name: string): name is Tier {
  return Object.hasOwn(SCALES, name);
}

/** Returns the names of the projects that a tier runs. */
export function listProjects(tier: Tier): readonly ProjectName[] {
  return Object.keys(tier === 'short' ? SHORT : FILES) as ProjectName[];
}

/** True if a tier runs every test of the project. */
export function isWholeIn(name: ProjectName, tier: Tier): boolean {
  return tier !== 'short' || SHORT[name] === 'all';
}

/** Returns the globs of the files that a project runs in a tier. */
function filesOf(
  name: ProjectName,
  tier: Tier,
): { readonly include: string[]; readonly exclude: string[] } {
  const names = Object.keys(FILES) as ProjectName[];
  const earlier = names.slice(0, names.indexOf(name)).flatMap((project) => FILES[project]);
  const chosen = tier === 'short' ? SHORT[name] : 'all';
  const include = chosen === 'all' || chosen === undefined ? FILES[name] : chosen;
  return { include: [...include], exclude: ['**/node_modules/**', '**/dist/**', ...earlier] };
}

/** Returns the configuration of one project. */
export function createProject(
  name: ProjectName,
  { tier, scale }: { readonly tier: Tier; readonly scale: number },
): UserWorkspaceConfig {
  const isWatched = WATCHED[tier].includes(name);
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      // Processes start slowly on a busy machine, and browsers need several; a test that hangs is still found.
      testTimeout: name === 'browser' ? 60_000 : 20_000,
      ...filesOf(name, tier),
      // The leak detector replaces functions of the process, so a watched file needs a process to itself.
      isolate: name !== 'unit' || isWatched,
      setupFiles: isWatched ? ['test/canary/watch.ts'] : [],
      env: { SESS_TIER: tier, SESS_SCALE: String(scale) },
    },
  };
}
