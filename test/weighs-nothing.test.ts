import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The modules that a module loads, types left out. Nothing is imported dynamically: see the second test. */
const IMPORT = /^(?:import|export)(?! type\b)[^;'"]*?(?:from )?['"]([^'"]+)['"];/gm;

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, { readonly '@sess/source'?: string }>>;
}

/** The files of the entry points of all packages, by what applications import. */
const ENTRIES = new Map(
  readdirSync('packages').flatMap((folder) => {
    const manifest: Manifest = JSON.parse(
      readFileSync(join('packages', folder, 'package.json'), 'utf8'),
    );
    return Object.entries(manifest.exports ?? {}).flatMap(
      ([subpath, { '@sess/source': source }]): [string, string][] =>
        source ? [[manifest.name + subpath.slice(1), join('packages', folder, source)]] : [],
    );
  }),
);

/** All files that an entry point loads, below packages/. */
function loadedBy(entry: string): readonly string[] {
  const files = new Set<string>();
  const add = (file: string | undefined): void => {
    if (file === undefined || files.has(file)) return;
    files.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const own = name.startsWith('.') ? join(dirname(file), name.replace(/\.js$/, '.ts')) : '';
      add(own || ENTRIES.get(name));
    }
  };
  add(ENTRIES.get(entry));
  return [...files].map((file) => relative('packages', file));
}

const packagesOf = (files: readonly string[]): readonly string[] =>
  [...new Set(files.map((file) => file.replace(/\/.*/, '')))].toSorted();

/** What every application with one of these has in its bundle. */
const BASES = ['@sess/core', '@sess/core/http', '@sess/core/store', '@sess/client'];
const ADAPTERS = ['express', 'express/classic', 'fastify', 'hono', 'web'].map(
  (name) => `@sess/${name}`,
);
const OTHERS = ['jwt', 'redis', 'sql/postgres', 'sql/sqlite', 'sql/mysql', 'otel'].map(
  (name) => `@sess/${name}`,
);

describe('what is not imported', () => {
  it.each([...BASES, ...ADAPTERS, ...OTHERS])('weighs nothing in a bundle with %s', (entry) => {
    const [, own = ''] = /^@sess\/(\w+)/.exec(entry) ?? [];
    const loaded = packagesOf(loadedBy(entry));
    expect(loaded).toContain(own);
    expect(loaded.filter((name) => name !== own && name !== 'core')).toEqual([]);
  });

  it('is loaded in no other way', () => {
    for (const file of ENTRIES.keys()) {
      for (const path of loadedBy(file)) {
        expect([path, /\bimport\(/.test(readFileSync(join('packages', path), 'utf8'))]).toEqual([
          path,
          false,
        ]);
      }
    }
  });

  it('weighs nothing within core: what only its siblings use, and HTTP', () => {
    const loaded = loadedBy('@sess/core');
    const foreign =
      /^core\/src\/(?:near-cache|replay|session\/adoption|internal|http\/(?!bearer|return-path))/;
    expect(loaded.filter((file) => foreign.test(file))).toEqual([]);
    expect(
      loadedBy('@sess/core/internal').filter((file) => foreign.test(file)).length,
    ).toBeGreaterThan(3);
  });

  it('is seen here where it is imported', () => {
    expect(packagesOf(loadedBy('@sess/bound'))).toEqual(['bound', 'core']);
    expect(loadedBy('@sess/bound')).toContain('bound/src/dpop/port.ts');
  });
});
