import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Names {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** What a name is exported as: `export { a, type B, c as d }`, with or without `from`. */
const LIST = /^export (type )?\{([^}]*)\}/gm;
/** `export function f`, `export interface I` and their like. */
const DECLARED =
  /^export (?:declare )?(?:async )?(function|const|class|interface|type)\*? (?!\{|\*)(\w+)/gm;
const EVERYTHING = /^export (?:type )?\* from '(.+)\.js';/gm;

/** The names that an entry point exports, read from its source. */
function namesOf(file: string): Names {
  const text = readFileSync(file, 'utf8');
  const values: string[] = [];
  const types: string[] = [];
  for (const [, allTypes, list = ''] of text.matchAll(LIST)) {
    for (const item of list.split(',').map((part) => part.trim())) {
      const [, type, name] = /^(type )?(?:\w+ as )?(\w+)$/.exec(item) ?? [];
      if (name !== undefined) (allTypes || type ? types : values).push(name);
    }
  }
  for (const [, kind = '', name = ''] of text.matchAll(DECLARED)) {
    (kind === 'interface' || kind === 'type' ? types : values).push(name);
  }
  for (const [, path = ''] of text.matchAll(EVERYTHING)) {
    const other = namesOf(join(dirname(file), `${path}.ts`));
    values.push(...other.values);
    types.push(...other.types);
  }
  return { values: values.sort(), types: types.sort() };
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly '@sess/source'?: string }>>;
}

/** Every entry point of every published package, with the file that it is made of. */
function entryPoints(): [entry: string, file: string][] {
  return readdirSync('packages')
    .map((name) => join('packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .flatMap((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
      if (manifest.private) return [];
      return Object.entries(manifest.exports ?? {}).flatMap(
        ([subpath, { '@sess/source': source }]): [string, string][] =>
          source === undefined ? [] : [[manifest.name + subpath.slice(1), join(folder, source)]],
      );
    })
    .sort();
}

function show(entry: string, { values, types }: Names): string {
  const lines = [...values.map((name) => `  ${name}`), ...types.map((name) => `  type ${name}`)];
  return [entry, ...lines].join('\n');
}

it('public names are those of public-names.txt', async () => {
  const sections = entryPoints().map(([entry, file]) => show(entry, namesOf(file)));
  // A change here is a change for users: `npm test -- test/public-names -u` writes it, a changeset tells of it.
  await expect(`${sections.join('\n\n')}\n`).toMatchFileSnapshot('public-names.txt');
});

it.each(entryPoints())(
  '%s exports the values of its source and no others',
  async (_entry, file) => {
    const given = Object.keys((await import(/* @vite-ignore */ resolve(file))) as object).sort();
    expect(given).toEqual(namesOf(file).values);
  },
);
