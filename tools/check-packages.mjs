// Packs every package as it would be published and checks the tarballs: their content, publint, and
// are-the-types-wrong with every entry point. `--into FOLDER` keeps the tarballs that were checked.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, prepare, root, run } from './lib.mjs';
import { packAll, unpack } from './pack.mjs';

const NEEDED = ['package.json', 'LICENSE', 'README.md'];
const UNWANTED =
  /(?:\.test|\.spec|\.test-d|\.bench)\.[cm]?[jt]sx?$|(?:^|\/)(?:tests?|node_modules|coverage|\.env)(?:\/|$)|\.tsbuildinfo$/;
/** Files that are copied into the application of a user, its tests included. */
const TEMPLATE = /^template\//;
/** Scripts that npm would run on the machine of a user who installs the package. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/**
 * Returns what is wrong with the files of a package, one line for each problem. What publint and
 * are-the-types-wrong check is left to them.
 *
 * @param {string} folder the unpacked tarball
 * @param {{ license: string, node: string, machine: readonly string[] }} project the license and the range of Node
 *   of the repository, and paths of this machine that no file may contain
 */
export function contentProblems(folder, project) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((name) => name.split(sep).join('/'))
    .sort();
  const read = (path) => (files.includes(path) ? readFileSync(join(folder, path), 'utf8') : '');
  const manifest = JSON.parse(read('package.json'));
  const readme = read('README.md');
  const subpaths = Object.keys(manifest.exports ?? {}).filter((entry) =>
    /^\.\/(?!package\.json|internal)/.test(entry),
  );
  const left = /"(?:workspace|catalog):[^"]*"/.exec(JSON.stringify(manifest));
  const problems = [
    ...NEEDED.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
    ...files
      .filter((name) => UNWANTED.test(name) && !TEMPLATE.test(name))
      .map((name) => `${name} must not be published`),
    ...INSTALL_SCRIPTS.filter((name) => manifest.scripts?.[name] !== undefined).map(
      (name) => `package.json: the script ${name} would run on installation`,
    ),
    ...subpaths
      .filter((entry) => !readme.includes(`${manifest.name}${entry.slice(1)}`))
      .map((entry) => `README.md does not mention ${manifest.name}${entry.slice(1)}`),
  ];
  const expect = (isRight, text) => isRight || problems.push(text);
  expect(left === null, `package.json: ${left?.[0]} has no meaning outside the repository`);
  expect(manifest.license === 'MIT', 'package.json: license is not MIT');
  expect(manifest.sideEffects === false, 'package.json: sideEffects is not false');
  expect(
    manifest.engines?.node === project.node,
    `package.json: engines.node is not ${project.node}`,
  );
  expect(
    manifest.publishConfig?.access === 'public',
    'package.json: publishConfig.access is not public',
  );
  expect(read('LICENSE') === project.license, 'LICENSE is not that of the repository');
  expect(readme.includes(`# ${manifest.name}`), 'README.md does not begin with the name');
  expect(readme.includes('npm install'), 'README.md does not show how to install the package');
  expect(
    !/\]\((?!https:|#)[^)]*\)/.test(readme),
    'README.md has a link that leads into the repository',
  );
  expect(
    manifest.version === '0.0.0' || read('CHANGELOG.md').includes(`\n## ${manifest.version}\n`),
    `CHANGELOG.md has no section ${manifest.version}`,
  );
  for (const path of files) {
    const leak = project.machine.find((part) => read(path).includes(part));
    expect(leak === undefined, `${path} contains ${leak}, a path of this machine`);
  }
  const orphans = files.filter((path) => {
    if (!path.endsWith('.map')) return false;
    const { sources } = JSON.parse(read(path));
    return !sources.every((source) => files.includes(posix.join(posix.dirname(path), source)));
  });
  expect(
    orphans.length === 0,
    `${orphans[0]} has no source; after files were moved, run \`npm run build -- --clean\``,
  );
  return problems;
}

async function toolProblems(name, args) {
  const { code, output } = await run(bin(name), args, { quiet: true });
  return code === 0 ? [] : [output];
}

async function checkPackages(into) {
  await prepare();
  const folder = mkdtempSync(join(tmpdir(), 'sess-pack-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const kept = into ?? folder;
  mkdirSync(kept, { recursive: true });
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const project = {
    license: readFileSync(join(root, 'LICENSE'), 'utf8'),
    node: engines.node,
    // A home folder that is '/' or empty would be in every file.
    machine: [root, homedir()].filter((path) => path.length > 1).map((path) => `${path}${sep}`),
  };
  let failed = 0;
  for (const { name, tarball } of await packAll(kept)) {
    const unpacked = join(folder, 'unpacked', name);
    mkdirSync(unpacked, { recursive: true });
    unpack(tarball, unpacked);
    const problems = [
      ...contentProblems(unpacked, project),
      ...(await toolProblems('publint', ['run', tarball, '--strict'])),
      ...(await toolProblems('attw', [tarball, '--profile', 'esm-only', '--no-emoji'])),
    ];
    process.stdout.write(`packages: ${name} ${problems.length > 0 ? 'FAILED' : 'ok'}\n`);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    if (problems.length > 0) failed += 1;
  }
  return failed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--into');
  const failed = await checkPackages(at < 0 ? undefined : resolve(process.argv[at + 1] ?? ''));
  process.exit(failed > 0 ? 1 : 0);
}
