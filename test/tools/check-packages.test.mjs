import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { contentProblems } from '../../tools/check-packages.mjs';

const project = {
  license: 'MIT, and so on',
  node: '>=20',
  machine: ['/home/someone/'],
};
const manifest = {
  name: '@sess/x',
  version: '1.0.0',
  description: 'An x.',
  author: 'them',
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  keywords: ['a', 'b', 'c'],
  files: ['dist'],
  publishConfig: { access: 'public' },
  repository: { url: 'git+https://example.com/x.git', directory: 'packages/x' },
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
};
const good = {
  LICENSE: 'MIT, and so on',
  'README.md': '# @sess/x\n\n    npm install @sess/x\n',
  'CHANGELOG.md': '# @sess/x\n\n## 1.0.0\n',
  'dist/index.js': 'export {};\n//# sourceMappingURL=index.js.map\n',
  'dist/index.js.map': '{ "sources": ["../src/index.ts"] }',
  'dist/index.d.ts': 'export {};\n',
  'src/index.ts': 'export {};\n',
};

let folder;
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The problems of a package that is right but for the given files and fields; `undefined` leaves one out. */
function problemsWith(files = {}, fields = {}) {
  folder = mkdtempSync(join(tmpdir(), 'sess-content-'));
  const all = { ...good, 'package.json': JSON.stringify({ ...manifest, ...fields }), ...files };
  for (const [name, text] of Object.entries(all)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return contentProblems(folder, project);
}

describe('contentProblems', () => {
  it('accepts a complete package', () => {
    expect(problemsWith()).toEqual([]);
  });

  it.each([
    ['a missing license', { LICENSE: undefined }, 'LICENSE is missing'],
    ['a different license', { LICENSE: 'mine' }, 'LICENSE is not that of the repository'],
    [
      'a version without a section in the CHANGELOG',
      { 'CHANGELOG.md': '# @sess/x\n\n## 0.9.0\n' },
      'CHANGELOG.md has no section 1.0.0',
    ],
    ['a missing CHANGELOG', { 'CHANGELOG.md': undefined }, 'CHANGELOG.md has no section 1.0.0'],
    ['a test', { 'src/a.test.ts': '' }, 'src/a.test.ts must not be published'],
    ['a type test', { 'src/a.test-d.ts': '' }, 'src/a.test-d.ts must not be published'],
    ['a folder of tests', { 'test/host.ts': '' }, 'test/host.ts must not be published'],
    ['a file of the build', { 'dist/.tsbuildinfo': '' }, 'dist/.tsbuildinfo must not be published'],
    [
      'a map without its source',
      { 'src/index.ts': undefined },
      'dist/index.js.map has no source; after files were moved, run `npm run build -- --clean`',
    ],
    [
      'a path of the machine that packed it',
      { 'dist/a.js': "import '/home/someone/x/y.js';" },
      'dist/a.js contains /home/someone/, a path of this machine',
    ],
    [
      'a README with a link into the repository',
      { 'README.md': `${good['README.md']}[there](../../ARCHITECTURE.md)` },
      'README.md has a link that leads into the repository',
    ],
  ])('reports %s', (_what, files, problem) => {
    expect(problemsWith(files)).toContain(problem);
  });

  it('accepts a package without a CHANGELOG before its first version', () => {
    expect(problemsWith({ 'CHANGELOG.md': undefined }, { version: '0.0.0' })).toEqual([]);
  });

  it.each([
    [{ sideEffects: undefined }, 'package.json: sideEffects is not false'],
    [{ engines: {} }, 'package.json: engines.node is not >=20'],
    [
      { scripts: { postinstall: 'node x' } },
      'package.json: the script postinstall would run on installation',
    ],
    [
      { dependencies: { '@sess/core': 'workspace:^' } },
      'package.json: "workspace:^" has no meaning outside the repository',
    ],
    [
      { exports: { './y': { types: './dist/index.d.ts', default: './dist/index.js' } } },
      'README.md does not mention @sess/x/y',
    ],
  ])('reports %j in a manifest', (fields, problem) => {
    expect(problemsWith({}, fields)).toContain(problem);
  });
});
