// The commands of this repository: `node tools/dev.mjs COMMAND [ARGUMENT …]`. npm scripts name the common ones.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bin, checkNode, fail, install, pnpm, prepare, root, run, workspace } from './lib.mjs';
import { packAll } from './pack.mjs';

const quietTurbo = {
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};

/** Runs commands until one fails; returns the exit code of the last one. */
async function all(...steps) {
  for (const step of steps) {
    const { code, output } = await step();
    if (code !== 0) {
      process.stderr.write(output);
      return code;
    }
  }
  return 0;
}

/** Returns a step that runs an executable of the root's dependencies. */
const tool = (name, args, options) => () => run(bin(name), args, options);
/** Returns a step that runs a script of this repository in a process group: all it started ends with it. */
const script =
  (path, args = []) =>
  () =>
    run(process.execPath, [join(root, path), ...args], { group: true });

/** Runs the tests of a tier; test/projects.ts lists them. Some start the examples from dist/. */
async function test(tier, args) {
  await prepare();
  return all(tool('vitest', ['run', ...args], { group: true, env: { SESS_TIER: tier } }));
}

const commands = {
  // Through turbo, which restores the output of packages that have not changed.
  build: async (args) => {
    if (args.includes('--clean'))
      for (const { dir } of workspace())
        rmSync(join(dir, 'dist'), { recursive: true, force: true });
    return commands.turbo(['build', '--filter=!@sess/docs', '--output-logs=errors-only']);
  },
  // Arguments name tests of any tier; without them the short tier runs.
  test: (args) => test(args.some((arg) => !arg.startsWith('-')) ? 'all' : 'short', args),
  'test-all': (args) => test('all', args),
  'test-nightly': async (args) => {
    const code = await test('nightly', args);
    const steps = [
      script(programs.packages),
      script('tools/release.mjs', ['dry']),
      script(programs.runtimes),
      script(programs.timing),
      script(programs.load),
      script(programs.bench, ['--quick', '--out=.cache/bench']),
      script(programs.mutation),
    ];
    return code || all(...steps);
  },
  lint: async (args) => {
    await install();
    return all(tool('biome', ['check', '--error-on-warnings', ...args]), script('tools/words.mjs'));
  },
  types: async () => {
    await prepare();
    return all(
      tool('tsc', ['-p', 'tsconfig.test.json']),
      // A program of its own, because `req.session` has another type there.
      tool('tsc', ['-p', 'packages/express/test/classic']),
    );
  },
  check: async (args) => {
    await prepare();
    const checks = {
      unused: tool('knip', []),
      packages: script('tools/check-packages.mjs'),
      sizes: tool('size-limit', []),
    };
    const chosen = args.length > 0 ? args : Object.keys(checks);
    const unknown = chosen.find((name) => !Object.hasOwn(checks, name));
    if (unknown) fail(`Expected ${Object.keys(checks).join(', ')}, got '${unknown}'.`, 2);
    return all(...chosen.map((name) => checks[name]));
  },
  docs: async ([task = 'build']) => {
    await install();
    const cwd = join(root, 'docs');
    // First the pages that are generated: the site links to them.
    return all(
      script('tools/evidence.mjs'),
      () => run(bin('typedoc', cwd), [], { cwd }),
      () => run(bin('vitepress', cwd), [task], { cwd }),
    );
  },
  audit: async (args) => {
    const { code, output } = await pnpm(['audit', ...args], { quiet: true });
    // Mirrors often serve packages without advisories. Then there is no result, neither good nor bad.
    if (/ERR_PNPM_AUDIT_BAD_RESPONSE/.test(output))
      fail(`${output.trim()}\n\nThis registry serves no advisories: nothing was checked.`, 2);
    process.stdout.write(output);
    return code;
  },
  tool: async ([name, ...args]) => {
    await install();
    return all(tool(name, args));
  },
  // Tarballs of all packages, to be installed in another project before they are published.
  pack: async ([folder]) => {
    if (!folder)
      fail('Expected the folder for the tarballs: node tools/dev.mjs pack ../tarballs', 2);
    const packed = await packAll(resolve(folder));
    process.stdout.write(`${packed.map(({ tarball }) => tarball).join('\n')}\n`);
    return 0;
  },
  pnpm: (args) => all(() => pnpm(args, { env: { CI: '', ...quietTurbo } })),
  turbo: async (args) => {
    await install();
    return all(() => pnpm(['exec', 'turbo', 'run', ...args], { env: quietTurbo }));
  },
};
/** Programs that need the build and take arguments of their own. */
const programs = {
  bench: 'bench/main.mjs',
  load: 'bench/load/main.mjs',
  timing: 'bench/timing/main.mjs',
  packages: 'test/packages/main.mjs',
  runtimes: 'test/runtimes/main.mjs',
  mutation: 'tools/mutation/run.mjs',
};
for (const [name, path] of Object.entries(programs))
  commands[name] = async (args) => {
    await prepare();
    return all(script(path, args));
  };

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, name))
  fail(`Expected one of ${Object.keys(commands).join(', ')}; got '${name}'.`, 2);
checkNode();
process.exit(await commands[name](args));
