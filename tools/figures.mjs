// npm run figures [-- tests | path] [--tree CHECKOUT]: prints the figures by which the code base is judged.
// `tests` counts the files and tests of each vitest project; `path` counts what a request runs through, which needs
// a built checkout. Both read an older checkout as well, so that two states are compared by one tool.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findFiles, readSource, readTokens, toRelative } from './source.mjs';
import { countByArea, findAllWords } from './words.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = { tree: { type: 'string', default: dirname(here) } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const tree = resolve(values.tree);
const print = (name, value) => process.stdout.write(`${name.padEnd(64)} ${value}\n`);

const parts = { tree: printTree, path: printPath, tests: printTests };
for (const part of positionals.length > 0 ? positionals : ['tree']) parts[part]();

function printTree() {
  const manifests = readManifests();
  const published = manifests.filter(({ isPrivate }) => !isPrivate);
  const sources = findFiles(tree, /^packages\/[^/]+\/src\/.*\.tsx?$/);
  const product = published.filter(({ folder }) => !folder.endsWith('/testkit'));
  printLines(
    'packages without testkit',
    sources.filter((path) => isBelow(path, product)),
  );
  for (const pack of manifests.filter(({ folder }) => folder.startsWith('packages/')))
    printLines(
      `  ${pack.folder}`,
      sources.filter((path) => isBelow(path, [pack])),
    );

  const all = product.flatMap((pack) => findPublicModules(pack));
  const share = (paths) => {
    const lines = paths.map((path) => countComments(readSource(tree, path)));
    const [comments, total] = [0, 1].map((n) => lines.reduce((sum, line) => sum + line[n], 0));
    return `${((100 * comments) / total).toFixed(1)} %`;
  };
  print('comment lines, modules that declare public names', share(all));
  print(
    'comment lines, all sources without testkit',
    share(sources.filter((path) => isBelow(path, product))),
  );

  const names = readNames();
  print(
    'public names / entry points',
    `${names.public} / ${names.entries}, and ${names.internal} internal names`,
  );
  const words = countByArea(findAllWords(tree));
  const src = Object.entries(words).filter(([area]) =>
    /^packages\/(?!testkit|simulation).*\/src$/.test(area),
  );
  const sum = (counts) => counts.reduce((total, [, count]) => total + count, 0);
  print(
    'refused words: sources without testkit / everything',
    `${sum(src)} / ${sum(Object.entries(words))}`,
  );

  printLines('tools and scripts', findFiles(tree, /^(?:tools|scripts)\/./));
  const { scripts } = JSON.parse(readSource(tree, 'package.json'));
  print('npm scripts', Object.keys(scripts).length);
  const pages = findFiles(tree, /^docs\/(?!reference\/api\/|quality\/evidence).*\.md$/);
  const tasks = pages.filter((path) => !/^docs\/(?:decisions|quality|reference)\//.test(path));
  print(
    'words of docs: all / by task, without reference and code',
    `${countWords(pages)} / ${countWords(tasks, /```[\s\S]*?```/g)}`,
  );
  for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'AGENTS.md'])
    print(`lines of ${page}`, countLines(page));
  const [applications, common] = [
    /^examples\/(?:express|fastify|hono)\/src\/app\.ts$/,
    /^examples\/demo\/src\//,
  ];
  const examples = findFiles(tree, applications).map((path) => countLines(path));
  print(
    'examples: lines of each app / files in examples/demo',
    `${examples.join(', ')} / ${findFiles(tree, common).length}`,
  );
}

/** Runs `bench/path.mjs` inside the measured checkout, so that it imports the packages of that checkout. */
function printPath() {
  const program = readFileSync(join(here, '..', 'bench', 'path.mjs'), 'utf8');
  const output = execFileSync(process.execPath, ['--input-type=module'], {
    cwd: join(tree, 'bench'),
    input: program,
    encoding: 'utf8',
  });
  for (const [name, { files, functions }] of Object.entries(JSON.parse(output)))
    print(`files, functions: ${name}`, `${files}, ${functions}`);
}

/** Older checkouts have no projects; the first two folders of the path stand in for them. */
function printTests() {
  const folder = mkdtempSync(join(tmpdir(), 'sess-figures-'));
  const file = join(folder, 'tests.json');
  const vitest = join(tree, 'node_modules', '.bin', 'vitest');
  execFileSync(vitest, ['list', `--json=${file}`], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const tests = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  const projects = new Map([['all', { tests: 0, files: new Set() }]]);
  for (const test of tests) {
    const path = toRelative(tree, test.file);
    const name = test.projectName || path.split('/').slice(0, 2).join('/');
    if (!projects.has(name)) projects.set(name, { tests: 0, files: new Set() });
    for (const project of [projects.get('all'), projects.get(name)]) {
      project.tests += 1;
      project.files.add(path);
    }
  }
  for (const [name, { files, tests: count }] of projects)
    print(`files, tests: ${name}`, `${files.size}, ${count}`);
}

function printLines(name, paths) {
  const lines = paths.map(countLines).sort((left, right) => left - right);
  const total = lines.reduce((sum, count) => sum + count, 0);
  const middle = lines[Math.floor(lines.length / 2)] ?? 0;
  print(
    `files / lines; median; longest: ${name}`,
    `${lines.length} / ${total}; ${middle}; ${lines.at(-1) ?? 0}`,
  );
}

function countLines(path) {
  return existsSync(join(tree, path)) ? readSource(tree, path).split('\n').length - 1 : 0;
}

function countWords(paths, leftOut = /$^/g) {
  const text = paths.map((path) => readSource(tree, path).replaceAll(leftOut, '')).join('\n');
  return text.split(/\s+/).filter(Boolean).length;
}

/** Returns how many lines hold a comment, and how many lines there are. */
function countComments(text) {
  const commented = new Set();
  for (const { kind, text: comment, line } of readTokens(text))
    if (kind === 'comment') for (const n of comment.split('\n').keys()) commented.add(line + n);
  return [commented.size, text.split('\n').length - 1];
}

function isBelow(path, packages) {
  return packages.some(({ folder }) => path.startsWith(`${folder}/`));
}

function readManifests() {
  return readdirSync(join(tree, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((folder) => existsSync(join(tree, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readSource(tree, `${folder}/package.json`));
      return { folder, isPrivate: manifest.private === true, exports: manifest.exports ?? {} };
    });
}

/** Returns the modules that the entry points of a package re-export from, and entry points that declare names. */
function findPublicModules({ folder, exports }) {
  const modules = new Set();
  const visit = (path) => {
    for (const [, specifier] of readSource(tree, path).matchAll(
      /^export [^;]*? from '(\.[^']+)\.js';/gm,
    )) {
      const target = posix.join(posix.dirname(path), `${specifier}.ts`);
      if (target.endsWith('/index.ts')) visit(target);
      else if (existsSync(join(tree, target))) modules.add(target);
    }
    if (!path.endsWith('/index.ts')) modules.add(path);
  };
  for (const [entry, conditions] of Object.entries(exports)) {
    const source = conditions['@sess/source'];
    if (source && entry !== './internal') visit(posix.join(folder, source));
  }
  return [...modules];
}

/** `test/public-names.txt` lists the names of an entry below it, indented. */
function readNames() {
  const names = { public: 0, internal: 0, entries: 0 };
  let isInternal = false;
  for (const line of readSource(tree, 'test/public-names.txt').split('\n')) {
    if (/^@sess\//.test(line)) {
      names.entries += 1;
      isInternal = line.endsWith('/internal');
    } else if (/^\s+\w/.test(line)) names[isInternal ? 'internal' : 'public'] += 1;
  }
  return names;
}
