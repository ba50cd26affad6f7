import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What an application may serve. */
export const KINDS = ['pages', 'api'] as const;
/** Where an application may keep its sessions. */
export const STORES = ['sqlite', 'postgres', 'redis'] as const;

/** What to create. */
export interface ProjectOptions {
  /** The folder, which may exist if it is empty. */
  readonly folder: string;
  /** Pages with a session cookie, or an API with access tokens. Default: `'pages'`. */
  readonly kind?: (typeof KINDS)[number];
  /** Default: `'sqlite'`, which needs no server. */
  readonly store?: (typeof STORES)[number];
  /** A folder with packed packages (`sess-core-0.0.0.tgz`), to install in place of published ones. Default: none. */
  readonly packages?: string;
}

/** A project that was created. */
export interface Created {
  /** The absolute path of its folder. */
  readonly folder: string;
}

type Ranges = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies: Ranges;
  readonly devDependencies: Ranges;
}

const TEMPLATE = fileURLToPath(new URL('../template/', import.meta.url));
/** The packages of this repository are published together, with one version. */
const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };
/** Files that an editor may have made in a folder that counts as empty. */
const IGNORED: ReadonlySet<string> = new Set(['.git', '.DS_Store', '.idea', '.vscode']);
/** npm drops files of this name from packages. */
const RENAMED = ['gitignore', '.gitignore'] as const;

/**
 * Creates an application: a folder with sources, tests, a manifest and a README. Installs nothing.
 *
 * @throws {TypeError} if the folder holds files, or an option has an unknown value
 */
export function createProject(options: ProjectOptions): Created {
  const { kind = 'pages', store = 'sqlite', packages } = options;
  assertOneOf('kind', kind, KINDS);
  assertOneOf('store', store, STORES);
  const folder = resolve(options.folder);
  assertEmpty(folder);
  const parts = ['base', kind, store];
  const manifest = createManifest(basename(folder), parts, packages);
  mkdirSync(folder, { recursive: true });
  for (const part of parts) cpSync(join(TEMPLATE, part), folder, { recursive: true });
  renameSync(join(folder, RENAMED[0]), join(folder, RENAMED[1]));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { folder };
}

/** Joins the manifests of the parts. */
function createManifest(name: string, parts: readonly string[], packages?: string): object {
  const manifests = parts.map((part) => readManifest(part));
  const merge = (kind: keyof Manifest) =>
    Object.fromEntries(
      manifests
        .flatMap((manifest) => Object.entries(manifest[kind]))
        .map(([id, range]) => [id, isOurs(id) ? rangeOf(id, packages) : range])
        .sort(([one = ''], [other = '']) => one.localeCompare(other)),
    );
  return {
    name: name.toLowerCase().replace(/[^a-z0-9-]+/g, '-'),
    ...manifests[0],
    dependencies: merge('dependencies'),
    devDependencies: merge('devDependencies'),
  };
}

function readManifest(part: string): Manifest {
  return JSON.parse(readFileSync(join(TEMPLATE, part, 'package.json'), 'utf8')) as Manifest;
}

function isOurs(id: string): boolean {
  return id.startsWith('@sess/');
}

/** Returns the range of a package of this repository, or the URL of the packed one. */
function rangeOf(id: string, packages: string | undefined): string {
  if (packages === undefined) return `^${VERSION}`;
  const start = `sess-${id.slice('@sess/'.length)}-`;
  const file = readdirSync(packages).find(
    (name) => name.startsWith(start) && name.endsWith('.tgz'),
  );
  if (file === undefined) {
    throw new TypeError(`packages: expected ${start}*.tgz in ${packages}, found none.`);
  }
  return pathToFileURL(resolve(packages, file)).href;
}

function assertOneOf(name: string, value: string, values: readonly string[]): void {
  if (values.includes(value)) return;
  throw new TypeError(`${name}: expected ${values.join(' or ')}, got ${JSON.stringify(value)}.`);
}

function assertEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  const [file] = readdirSync(folder).filter((name) => !IGNORED.has(name));
  if (file === undefined) return;
  throw new TypeError(`folder: expected an empty one, got ${folder} with ${file} in it.`);
}
