import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { contentProblems } from './content.mjs';

const project = {
  license: 'MIT, and so on',
  node: '>=20',
  directory: 'packages/x',
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

describe('the content of a package', () => {
  it('is right when nothing is missing', () => {
    expect(problemsWith()).toEqual([]);
  });

  it.each([
    ['no licence', { LICENSE: undefined }, 'LICENSE is missing'],
    ['another licence', { LICENSE: 'mine' }, 'LICENSE is not that of the repository'],
    [
      'a version that no CHANGELOG tells of',
      { 'CHANGELOG.md': '# @sess/x\n\n## 0.9.0\n' },
      'CHANGELOG.md says nothing of 1.0.0',
    ],
    ['no CHANGELOG', { 'CHANGELOG.md': undefined }, 'CHANGELOG.md says nothing of 1.0.0'],
    ['a test', { 'src/a.test.ts': '' }, 'src/a.test.ts must not be published'],
    ['a type test', { 'src/a.test-d.ts': '' }, 'src/a.test-d.ts must not be published'],
    ['a folder of tests', { 'test/host.ts': '' }, 'test/host.ts must not be published'],
    ['what a build left', { 'dist/.tsbuildinfo': '' }, 'dist/.tsbuildinfo must not be published'],
    [
      'a map without its source',
      { 'src/index.ts': undefined },
      'dist/index.js.map points to src/index.ts, which is not there',
    ],
    [
      'a source without its map',
      { 'dist/index.js.map': undefined },
      'dist/index.js names index.js.map, which is not there',
    ],
    [
      'a path of the machine that packed it',
      { 'dist/a.js': "import '/home/someone/x/y.js';" },
      'dist/a.js holds /home/someone/, a path of this machine',
    ],
    [
      'a README whose links are for the repository',
      { 'README.md': `${good['README.md']}[there](../../ARCHITECTURE.md)` },
      'README.md has a link that leads nowhere outside the repository',
    ],
  ])('is not right with %s', (_what, files, problem) => {
    expect(problemsWith(files)).toContain(problem);
  });

  it('is right without a CHANGELOG until the first version', () => {
    expect(problemsWith({ 'CHANGELOG.md': undefined }, { version: '0.0.0' })).toEqual([]);
  });

  it.each([
    [{ sideEffects: undefined }, 'package.json: sideEffects is not false'],
    [{ keywords: ['a'] }, 'package.json: fewer than three keywords'],
    [{ engines: {} }, 'package.json: engines.node is not >=20'],
    [{ repository: undefined }, 'package.json: repository.directory is not packages/x'],
    [
      { scripts: { postinstall: 'node x' } },
      'package.json: the script postinstall would run at users',
    ],
    [
      { dependencies: { '@sess/core': 'workspace:^' } },
      'package.json: "workspace:^" means nothing outside the repository',
    ],
    [
      { exports: { '.': { default: './dist/index.js', types: './dist/index.d.ts' } } },
      'exports .: its conditions are default,types, not types,default',
    ],
    [
      { exports: { './y': { types: './dist/y.d.ts', default: './dist/y.js' } } },
      'exports ./y: ./dist/y.d.ts is missing',
    ],
    [
      { exports: { './y': { types: './dist/index.d.ts', default: './dist/index.js' } } },
      'README.md says nothing of @sess/x/y',
    ],
  ])('is not right with %j in its manifest', (fields, problem) => {
    expect(problemsWith({}, fields)).toContain(problem);
  });
});
