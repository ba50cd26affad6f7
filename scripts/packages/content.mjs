// What a packed package has to hold, and what it must not: looked at in its unpacked folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

const NEEDED = ['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts'];
const UNWANTED =
  /(?:\.test|\.spec|\.test-d|\.bench)\.[cm]?[jt]sx?$|(?:^|\/)(?:tests?|node_modules|coverage|\.env)(?:\/|$)|\.tsbuildinfo$/;
/** Scripts that npm runs on the machine of whoever installs the package. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/**
 * @param {string} folder the unpacked tarball
 * @param {{ license: string, node: string, directory: string, machine: readonly string[] }} project what all
 *   packages share, where this one lies in the repository, and paths of this machine that must not be in it
 * @returns {string[]} one line for each problem
 */
export function contentProblems(folder, project) {
  const files = filesOf(folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [
    ...NEEDED.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
    ...files.filter((name) => UNWANTED.test(name)).map((name) => `${name} must not be published`),
    ...manifestProblems(manifest, project),
    ...entryProblems(manifest, files),
    ...changelogProblems(folder, files, manifest),
    ...files.flatMap((name) => mapProblems(folder, files, name)),
    ...textProblems(folder, files, manifest, project),
  ];
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((name) => name.split(sep).join('/'))
    .sort();
}

function manifestProblems(manifest, { node, directory }) {
  const problems = [];
  const expect = (isRight, text) => isRight || problems.push(`package.json: ${text}`);
  for (const name of ['name', 'version', 'description', 'author']) {
    expect(typeof manifest[name] === 'string' && manifest[name] !== '', `${name} is missing`);
  }
  expect(manifest.license === 'MIT', 'license is not MIT');
  expect(manifest.type === 'module', 'type is not module');
  expect(manifest.sideEffects === false, 'sideEffects is not false');
  expect(manifest.engines?.node === node, `engines.node is not ${node}`);
  expect((manifest.keywords?.length ?? 0) >= 3, 'fewer than three keywords');
  expect(Array.isArray(manifest.files), 'files is missing');
  expect(manifest.publishConfig?.access === 'public', 'publishConfig.access is not public');
  expect(manifest.repository?.directory === directory, `repository.directory is not ${directory}`);
  expect(/^git\+https:/.test(manifest.repository?.url), 'repository.url is no git+https address');
  for (const name of INSTALL_SCRIPTS) {
    expect(manifest.scripts?.[name] === undefined, `the script ${name} would run at users`);
  }
  const left = /"(?:workspace|catalog):[^"]*"/.exec(JSON.stringify(manifest));
  expect(left === null, `${left?.[0]} means nothing outside the repository`);
  return problems;
}

/** Once there are versions, the one that is packed is told of; npm takes the file only where `files` names it. */
function changelogProblems(folder, files, { version }) {
  if (version === '0.0.0') return [];
  const name = 'CHANGELOG.md';
  const text = files.includes(name) ? readFileSync(join(folder, name), 'utf8') : '';
  return text.split('\n').includes(`## ${version}`) ? [] : [`${name} says nothing of ${version}`];
}

/** Every entry point has its types, first, and every path is there. */
function entryProblems({ exports = {} }, files) {
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === 'string') {
      return files.includes(target.slice(2)) ? [] : [`exports ${entry}: ${target} is missing`];
    }
    const problems = Object.values(target)
      .filter((path) => !files.includes(path.slice(2)))
      .map((path) => `exports ${entry}: ${path} is missing`);
    const conditions = Object.keys(target).filter((name) => !name.startsWith('@'));
    if (conditions.join() !== 'types,default') {
      problems.push(`exports ${entry}: its conditions are ${conditions}, not types,default`);
    }
    return problems;
  });
}

/** A source map leads somewhere, and what names one has it. */
function mapProblems(folder, files, name) {
  if (name.endsWith('.map')) {
    const { sources, sourceRoot = '' } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return sources
      .map((source) => posix.join(posix.dirname(name), sourceRoot, source))
      .filter((source) => !files.includes(source))
      .map((source) => `${name} points to ${source}, which is not there`);
  }
  if (!/\.(?:js|d\.ts)$/.test(name)) return [];
  const named = /\/\/# sourceMappingURL=(\S+)/.exec(readFileSync(join(folder, name), 'utf8'))?.[1];
  if (named === undefined || existsSync(join(folder, dirname(name), named))) return [];
  return [`${name} names ${named}, which is not there`];
}

function textProblems(folder, files, { name, exports = {} }, { license, machine }) {
  const problems = [];
  const read = (path) => (files.includes(path) ? readFileSync(join(folder, path), 'utf8') : '');
  if (read('LICENSE') !== license) problems.push('LICENSE is not that of the repository');
  const readme = read('README.md');
  if (!readme.includes(`# ${name}`)) problems.push('README.md does not begin with the name');
  if (!readme.includes('npm install')) problems.push('README.md does not say how to install it');
  if (/\]\((?!https:|#)[^)]*\)/.test(readme)) {
    problems.push('README.md has a link that leads nowhere outside the repository');
  }
  for (const entry of Object.keys(exports)) {
    if (entry === '.' || entry === './package.json') continue;
    const subpath = `${name}${entry.slice(1)}`;
    if (!readme.includes(subpath)) problems.push(`README.md says nothing of ${subpath}`);
  }
  for (const path of files) {
    const text = read(path);
    const leak = machine.find((part) => text.includes(part));
    if (leak !== undefined) problems.push(`${path} holds ${leak}, a path of this machine`);
  }
  return problems;
}
