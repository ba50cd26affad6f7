import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProject, KINDS, STORES } from 'create-sess';
import { afterAll, describe, expect, it } from 'vitest';
import { readArguments } from '../src/arguments.js';

const parent = mkdtempSync(join(tmpdir(), 'create-sess-'));
afterAll(() => rmSync(parent, { recursive: true }));

let run = 0;
function newFolder(): string {
  run += 1;
  return join(parent, `My App ${run}`);
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };

describe('createProject', () => {
  it.each(KINDS.flatMap((kind) => STORES.map((store) => [kind, store] as const)))(
    'creates %s on %s with sources, tests and a manifest',
    (kind, store) => {
      const { folder } = createProject({ folder: newFolder(), kind, store });
      for (const name of ['src/app.ts', 'src/store.ts', 'test/app.test.ts', '.gitignore'])
        expect(existsSync(join(folder, name)), name).toBe(true);
      const { name, dependencies } = manifestOf(folder);
      expect(name).toMatch(/^my-app-\d+$/);
      const text = ['app', 'server', 'store', 'users']
        .map((file) => readFileSync(join(folder, `src/${file}.ts`), 'utf8'))
        .join('\n');
      const imports = [...text.matchAll(/ from '((?:@[^/']+\/)?[^./:'][^/':]*)(?:\/[^']*)?';/g)];
      expect([...new Set(imports.map(([, id]) => id))].sort()).toEqual(
        Object.keys(dependencies).sort(),
      );
    },
  );

  it('creates pages on SQLite by default, in an empty folder with a repository', () => {
    const folder = newFolder();
    mkdirSync(join(folder, '.git'), { recursive: true });
    createProject({ folder });
    expect(manifestOf(folder).dependencies).toHaveProperty('libsql');
    expect(readFileSync(join(folder, 'src/app.ts'), 'utf8')).toContain("transport: 'cookie'");
  });

  it('names the packages of this repository in its own version, with which they are published', () => {
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
    const { version } = read('packages/create-sess/package.json');
    const { folder } = createProject({ folder: newFolder() });
    const { dependencies, devDependencies } = manifestOf(folder);
    const ours = Object.entries({ ...dependencies, ...devDependencies }).filter(([id]) =>
      id.startsWith('@sess/'),
    );
    expect(ours.length).toBeGreaterThan(3);
    for (const [id, range] of ours) {
      expect(range, id).toBe(`^${version}`);
      expect(read(`packages/${id.slice('@sess/'.length)}/package.json`).version, id).toBe(version);
    }
    expect(read('.changeset/config.json').fixed[0]).toContain('create-sess');
  });

  it('refuses a folder with files, and leaves it unchanged', () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    expect(() => createProject({ folder })).toThrow(/^folder: .*notes\.txt/);
    expect(existsSync(join(folder, 'package.json'))).toBe(false);
  });

  it('refuses a kind and a store that it does not know', () => {
    expect(() => createProject({ folder: newFolder(), kind: 'site' as never })).toThrow(TypeError);
    expect(() => createProject({ folder: newFolder(), store: 'd1' as never })).toThrow(TypeError);
  });

  it('installs packed packages from a folder, and reports one that is missing', () => {
    const packages = newFolder();
    mkdirSync(packages);
    for (const name of ['core', 'express', 'sql', 'testkit'])
      writeFileSync(join(packages, `sess-${name}-0.0.0.tgz`), '');
    const { folder } = createProject({ folder: newFolder(), packages });
    const { dependencies, devDependencies } = manifestOf(folder);
    expect(dependencies['@sess/sql']).toMatch(/^file:.*sess-sql-0\.0\.0\.tgz$/);
    expect(devDependencies['@sess/testkit']).toMatch(/^file:/);
    expect(dependencies['express']).toMatch(/^\^5/);
    const redis = { folder: newFolder(), store: 'redis', packages } as const;
    expect(() => createProject(redis)).toThrow(/sess-redis-\*\.tgz/);
    expect(existsSync(redis.folder)).toBe(false);
  });
});

describe('the arguments', () => {
  it.each([
    [['app'], { folder: 'app' }],
    [['app', 'redis', 'api'], { folder: 'app', kind: 'api', store: 'redis' }],
    [['app', '--packages', 'tar'], { folder: 'app', packages: 'tar' }],
    [['--help'], undefined],
  ])('%j are understood', (args, expected) => {
    expect(readArguments(args)).toEqual(expected);
  });

  it.each([[[]], [['app', 'mongo']], [['app', 'api', 'pages']], [['app', '--force']]])(
    '%j are refused',
    (args) => {
      expect(() => readArguments(args)).toThrow(TypeError);
    },
  );
});
