// `node tools/dev.mjs packages [NAME …]`: packs every package, installs the tarballs into empty projects outside
// this repository with npm and with pnpm, type-checks a program with each compiler and each way to resolve modules,
// and runs it. Names choose projects of matrix.mjs. Takes minutes and downloads from the registry.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, pnpm, root, run } from '../../tools/lib.mjs';
import { packAll } from '../../tools/pack.mjs';
import { compilers, fullName, projects, resolutions } from './matrix.mjs';

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = projects.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0)
  fail(`No project has such a name; there are ${projects.map(({ name }) => name).join(', ')}`, 2);

/** Build scripts of dependencies that a project does not need; pnpm refuses scripts that are not listed. */
const UNUSED_BUILDS = { '@parcel/watcher': false };
const say = (text) => process.stdout.write(`packages: ${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'sess-strangers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const installers = {
  npm: (cwd) => run('npm', ['install', '--no-audit', '--no-fund'], { cwd, quiet: true }),
  pnpm: (cwd) => pnpm(['install', '--no-frozen-lockfile'], { cwd, quiet: true }),
};

say('packing');
const packed = await packAll(folder);
say(`fetching TypeScript ${compilers.join(', ')}`);
const compile = await fetchCompilers();

const began = Date.now();
let failed = 0;
let checks = 0;
for (const [manager, installInto] of Object.entries(installers)) {
  for (const project of chosen) {
    const cwd = writeProject(manager, project);
    const problems = await tryOut(project, cwd, () => installInto(cwd));
    failed += problems.length > 0 ? 1 : 0;
    say(`${project.name}, by ${manager}: ${problems.length > 0 ? 'FAILED' : 'ok'}`);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    rmSync(cwd, { recursive: true, force: true });
  }
}
const seconds = Math.round((Date.now() - began) / 1000);
const projectCount = chosen.length * Object.keys(installers).length;
say(
  `${projectCount - failed} of ${projectCount} projects, ${checks} type checks and programs, ${seconds}s`,
);
process.exit(failed > 0 ? 1 : 0);

/** Each compiler gets a separate folder, so that it cannot resolve the packages of a project. */
async function fetchCompilers() {
  const found = {};
  for (const version of compilers) {
    const cwd = join(folder, `typescript-${version}`);
    write(cwd, { 'package.json': { private: true, dependencies: { typescript: version } } });
    const { code, output } = await installers.npm(cwd);
    if (code !== 0) fail(output, code);
    const bin = join(cwd, 'node_modules', 'typescript', 'bin', 'tsc');
    found[version] = (args, options) => run(process.execPath, [bin, ...args], options);
  }
  return found;
}

function writeProject(manager, project) {
  const { name, program, packages, dependencies = {}, compilerOptions, runBy } = project;
  const { type = 'module', jestConfig } = project;
  const cwd = join(folder, `${manager}-${name.toLowerCase().replaceAll(' ', '-')}`);
  const files = Object.fromEntries(
    packed.map(({ name: own, tarball }) => [own, `file:${tarball}`]),
  );
  const wanted = packages.map(fullName);
  const own = Object.fromEntries(wanted.map((full) => [full, files[full]]));
  write(cwd, {
    'package.json': { private: true, type, dependencies: { ...own, ...dependencies } },
    ...(jestConfig ? { 'jest.config.json': jestConfig } : {}),
    // The version that a tarball requires of another one is in no registry yet; npm uses that of the project.
    ...(manager === 'pnpm'
      ? { 'pnpm-workspace.yaml': { overrides: files, allowBuilds: UNUSED_BUILDS } }
      : {}),
    ...Object.fromEntries(
      resolutions.map(({ name: file, options }) => [
        `tsconfig.${file}.json`,
        {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2022'],
            types: ['node'],
            rootDir: 'src',
            outDir: `out-${file}`,
            skipLibCheck: false,
            ...options,
            ...compilerOptions,
          },
          include: ['src'],
        },
      ]),
    ),
  });
  mkdirSync(join(cwd, 'src'));
  const programs = join(root, 'test', 'packages', 'programs');
  copyFileSync(join(programs, 'expect.ts'), join(cwd, 'src', 'expect.ts'));
  // Test runners take only files that are called tests.
  const target = runBy ? program.replace(/ts$/, 'test.ts') : program;
  copyFileSync(join(programs, program), join(cwd, 'src', target));
  return cwd;
}

/** pnpm reads JSON where it reads YAML. */
function write(cwd, files) {
  mkdirSync(cwd, { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(cwd, name), `${JSON.stringify(value, null, 2)}\n`);
  }
}

async function tryOut({ program, runBy, type }, cwd, installIt) {
  const installed = await installIt();
  if (installed.code !== 0) return [`  install: ${indent(installed.output)}`];
  const problems = [];
  const check = async (what, running) => {
    const { code, output } = await running;
    checks += 1;
    if (code !== 0) problems.push(`  ${what}: ${indent(output)}`);
  };
  for (const version of compilers) {
    // Two at a time, for machines with two cores.
    await Promise.all(
      resolutions.map(({ name }) => {
        const running = compile[version](['-p', `tsconfig.${name}.json`], { cwd, quiet: true });
        return check(`TypeScript ${version}, ${name}`, running);
      }),
    );
  }
  const out = `out-${resolutions[0].name}`;
  const bin = (name) => join(cwd, 'node_modules', name);
  const commands = {
    vitest: [bin('.bin/vitest'), ['run', '--dir', 'src']],
    jest: [
      process.execPath,
      ['--experimental-vm-modules', bin('jest/bin/jest.js'), '--rootDir', out],
    ],
    'ts-jest': [
      process.execPath,
      [
        ...(type === 'commonjs' ? [] : ['--experimental-vm-modules']),
        bin('jest/bin/jest.js'),
        ...['--rootDir', '.', '--roots', 'src'],
      ],
    ],
    node: [process.execPath, [join(out, program.replace(/ts$/, 'js'))]],
  };
  const command = commands[runBy ?? 'node'];
  await check('run', run(...command, { cwd, quiet: true, env: { CI: 'true' } }));
  return problems;
}

function indent(text) {
  return text.trim().replaceAll('\n', '\n  ');
}
