import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const manifestOf = (folder: string): Manifest =>
  JSON.parse(read(`${folder}/package.json`)) as Manifest;

const folders = readdirSync('packages').map((name) => `packages/${name}`);
const published = folders
  .map((folder) => ({ folder, ...manifestOf(folder) }))
  .filter((manifest) => manifest.private !== true);
const page = read('docs/quality/supply-chain.md');

/** The first two cells of the rows below a heading, as `package dependency`. */
function rowsUnder(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`\s+\| `([^`]+)`/gm)]
    .map(([, owner, name]) => `${owner} ${name}`)
    .sort();
}

const isOurs = (name: string): boolean => name.startsWith('@sess/');

const pairs = (kind: 'dependencies' | 'peerDependencies'): readonly string[] =>
  published
    .flatMap(({ name, [kind]: all = {} }) =>
      Object.keys(all).flatMap((other) => (isOurs(other) ? [] : [`${name} ${other}`])),
    )
    .sort();

/** Scripts that npm runs when a package is installed. */
const INSTALL_SCRIPTS = [
  'preinstall',
  'install',
  'postinstall',
  'preprepare',
  'prepare',
  'postprepare',
];

describe('the page on the supply chain', () => {
  it('the page gives a reason for every dependency and peer of the published packages, and for no other', () => {
    expect(published.length).toBeGreaterThan(5);
    expect(rowsUnder('What is installed')).toEqual(pairs('dependencies'));
    expect(rowsUnder('What you bring')).toEqual(pairs('peerDependencies'));
  });

  it('the page lists every development dependency', () => {
    const all = [manifestOf('.'), ...published].flatMap(({ devDependencies = {} }) =>
      Object.keys(devDependencies).filter((name) => !isOurs(name)),
    );
    const section = page.split('## What is used to develop it')[1]?.split(/^## /m)[0] ?? '';
    const named = [...section.matchAll(/`([@a-z][\w./-]*)`/g)].map((match) => match[1] ?? '');
    expect([...new Set(all)].filter((name) => !named.includes(name))).toEqual([]);
    // A removed tool must not be listed. Names such as `dist/` are not packages.
    const gone = named.filter((name) => !name.endsWith('/') && !all.includes(name));
    expect(gone).toEqual(['pnpm-workspace.yaml'].filter((name) => gone.includes(name)));
  });
});

describe('the published packages', () => {
  it.each(published)('$name has no install script and no optional dependency', (one) => {
    const scripts = Object.keys(one.scripts ?? {});
    expect(scripts.filter((name) => INSTALL_SCRIPTS.includes(name))).toEqual([]);
    expect(one.optionalDependencies).toBeUndefined();
    expect(existsSync(`${one.folder}/binding.gyp`)).toBe(false);
  });

  it.each(
    published.flatMap(({ folder, dependencies = {} }) =>
      Object.keys(dependencies).flatMap((name) =>
        isOurs(name) ? [] : [{ name, folder: `${folder}/node_modules/${name}` }],
      ),
    ),
  )('the dependency $name has no dependencies and no install script', ({ folder }) => {
    const { dependencies, optionalDependencies, scripts = {} } = manifestOf(folder);
    expect(Object.keys({ ...dependencies, ...optionalDependencies })).toEqual([]);
    expect(Object.keys(scripts).filter((name) => INSTALL_SCRIPTS.includes(name))).toEqual([]);
    expect(existsSync(`${folder}/binding.gyp`)).toBe(false);
  });
});

describe('the development dependencies', () => {
  it('every locked package comes from the registry and has a checksum', () => {
    const resolutions = [...read('pnpm-lock.yaml').matchAll(/^ +resolution: (.*)$/gm)];
    expect(resolutions.length).toBeGreaterThan(100);
    const others = resolutions
      .map((match) => match[1] ?? '')
      .filter((text) => !/^\{integrity: sha512-[\w+/]+=*\}$/.test(text));
    expect(others).toEqual([]);
  });

  it('pnpm runs no install script of a dependency', () => {
    const [, list = ''] =
      /^allowBuilds:\n((?:[ #].*\n?)*)/m.exec(read('pnpm-workspace.yaml')) ?? [];
    const entries = list.split('\n').filter((line) => /^ +[^#\s]/.test(line));
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry).toMatch(/: false$/);
  });
});
