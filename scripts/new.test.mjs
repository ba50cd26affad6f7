import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTree } from './release/copy-tree.mjs';
import { run } from './run.mjs';
import { bin, root } from './setup.mjs';

const KINDS = ['store', 'adapter'];
const FOLDERS = KINDS.map((kind) => `packages/fresh-${kind}`);

/** One copy for all: a package takes no notice of another. */
let tree;

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'sess-new-'));
  copyTree(root, tree);
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  // Without the servers that other tests ask for.
  const config = readFileSync(join(root, 'vitest.config.ts'), 'utf8');
  writeFileSync(join(tree, 'vitest.config.ts'), config.replace(/^ *globalSetup: .*$/m, ''));
  const include = FOLDERS.map((folder) => `${folder}/test/**/*.ts`);
  writeFileSync(
    join(tree, 'tsconfig.fresh.json'),
    JSON.stringify({ extends: './tsconfig.test.json', include }),
  );
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

const inTree = (command, ...args) => run(command, args, { cwd: tree, quiet: true });
const generate = (...args) => inTree(process.execPath, join(root, 'scripts', 'new.mjs'), ...args);

/** How many tests failed, by the name of their file. */
async function failuresIn(folder) {
  const { output } = await inTree(bin('vitest'), 'run', folder, '--reporter=json', '--silent');
  const { testResults } = JSON.parse(output.slice(output.indexOf('{"')));
  return Object.fromEntries(
    testResults.map(({ name, assertionResults }) => [
      basename(name, '.test.ts'),
      assertionResults.filter(({ status }) => status === 'failed').length,
    ]),
  );
}

describe('a new package', () => {
  it.each(KINDS)('%s is made', async (kind) => {
    const { code, output } = await generate(kind, `fresh-${kind}`, '--into', tree);
    expect(code, output).toBe(0);
  });

  it.each([
    ['builds', ['tsc', '-b', ...FOLDERS]],
    ['has tests whose types are right', ['tsc', '-p', 'tsconfig.fresh.json']],
    [
      'is formatted, and passes the linter',
      ['biome', 'check', '--error-on-warnings', '--vcs-enabled=false', ...FOLDERS],
    ],
  ])('%s', async (_what, [name, ...args]) => {
    const { code, output } = await inTree(bin(name), ...args);
    expect(code, output).toBe(0);
  });

  it.each(KINDS)('%s has nothing of the template left', (kind) => {
    const folder = join(tree, 'packages', `fresh-${kind}`);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readme.split('\n', 1)[0]).toBe(`# @sess/fresh-${kind}`);
    for (const name of readdirSync(folder, { recursive: true })) {
      expect(name).not.toMatch(/__|%/);
      if (!/\.(?:ts|json|md)$/.test(name) || /^(?:dist|node_modules)\b/.test(name)) continue;
      expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/__\w+__|%\w+%/);
    }
  });

  it('has its rows in the import table', async () => {
    const script = join(tree, 'scripts', 'check-imports.mjs');
    const { code, output } = await inTree(process.execPath, script);
    expect(code, output).toBe(0);
  });

  it('is among those that strangers install', async () => {
    const { projects } = await import(join(tree, 'scripts', 'packages', 'matrix.mjs'));
    const programs = projects.map(({ program }) => program);
    expect(programs).toEqual(expect.arrayContaining(['fresh-store.ts', 'fresh-adapter.ts']));
  });

  it.each([
    ['store', 'fresh-store-store', 'store-suite'],
    ['adapter', 'middleware', 'adapter'],
  ])('%s starts green, but for its suite', async (kind, own, suite) => {
    const failures = await failuresIn(`packages/fresh-${kind}/test`);
    expect(Object.keys(failures).sort()).toEqual([own, suite].sort());
    expect(failures[own]).toBe(0);
    expect(failures[suite]).toBeGreaterThan(10);
  });

  it.each([
    ['a name that is none', 'store', 'Fresh Store'],
    ['a package that is there', 'store', 'core'],
    ['another kind', 'queue', 'fresh'],
  ])('is refused for %s', async (_why, kind, name) => {
    expect((await generate(kind, name, '--into', tree)).code).toBe(2);
  });
});
