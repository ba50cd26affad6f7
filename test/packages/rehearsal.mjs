// `node test/packages/rehearsal.mjs TREE`: publishes the packages of a tree, as `npm run release -- publish` does, to
// a registry on loopback. Then other projects install them from there: by npm and pnpm, and by `npm create sess`.
// `npm run release -- dry` runs it on a clone whose packages have got their next version.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, pnpm, published, root, run } from '../../tools/lib.mjs';
import { startRegistry } from '../../tools/registry.mjs';

const tree = resolve(process.argv[2] ?? root);
const packages = published(tree).map(({ manifest: { name, version } }) => ({ name, version }));
const folder = mkdtempSync(join(tmpdir(), 'sess-rehearsal-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const say = (text) => process.stdout.write(`rehearsal: ${text}\n`);

const registry = await startRegistry(packages.map(({ name }) => name));
try {
  await publish();
  await listComponents();
  for (const manager of ['npm', 'pnpm']) await installWith(manager);
  await create();
} finally {
  await registry.stop();
}

/** Runs a step with the registry; ends the process with its output if it fails. */
async function must(what, running) {
  const { code, output } = await running;
  if (code !== 0) fail(`${output}\nrehearsal: ${what} failed (exit code ${code})`, code);
  return output;
}

function options(cwd, env = {}) {
  return { cwd, quiet: true, env: { ...registry.env, ...env } };
}

async function publish() {
  const script = join(tree, 'tools', 'release.mjs');
  const env = { NPM_CONFIG_PROVENANCE: 'false' };
  await must('publish', run(process.execPath, [script, 'publish'], options(tree, env)));
  for (const { name, version } of packages) {
    const response = await fetch(new URL(name.replace('/', '%2f'), registry.url));
    const { versions = {}, 'dist-tags': tags = {} } = await response.json();
    if (tags.latest !== version || versions[version] === undefined)
      fail(`rehearsal: expected ${name} ${version}, got ${JSON.stringify(tags)}`);
    const text = JSON.stringify(versions[version]);
    if (text.includes('workspace:'))
      fail(`rehearsal: the manifest of ${name} has a workspace range`);
  }
  say(`${packages.length} packages published as ${packages[0].version}`);
}

/** The lists that a release carries name every package and what it depends on. */
async function listComponents() {
  const script = join(tree, 'tools', 'release.mjs');
  await must('sbom', run(process.execPath, [script, 'sbom'], options(tree)));
  const lists = readdirSync(join(tree, 'sbom')).map((file) =>
    JSON.parse(readFileSync(join(tree, 'sbom', file), 'utf8')),
  );
  for (const { name, version } of packages) {
    const list = lists.find(({ metadata: { component } }) => nameOf(component) === name);
    if (list?.metadata.component.version !== version)
      fail(`rehearsal: no SBOM of ${name} ${version}`);
    const listed = new Set((list.components ?? []).map(nameOf));
    const { dependencies = {} } = published(tree).find(
      (one) => one.manifest.name === name,
    ).manifest;
    const missing = Object.keys(dependencies).find((id) => !listed.has(id));
    if (missing) fail(`rehearsal: the SBOM of ${name} lacks ${missing}`);
  }
  say(`${lists.length} SBOMs`);
}

function nameOf({ group, name }) {
  return group ? `${group}/${name}` : name;
}

/** A project that is no workspace installs the engine and an adapter, and serves a guarded route. */
async function installWith(manager) {
  const cwd = join(folder, manager);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true, "type": "module" }\n');
  cpSync(join(root, 'test', 'packages', 'programs', 'stranger.mjs'), join(cwd, 'main.mjs'));
  const wanted = ['@sess/core', '@sess/express', 'express@5'];
  const installing =
    manager === 'npm'
      ? run('npm', ['install', '--no-audit', '--no-fund', ...wanted], options(cwd))
      : pnpm(['add', ...wanted], options(cwd));
  await must(`install by ${manager}`, installing);
  await must(`program of ${manager}`, run(process.execPath, ['main.mjs'], options(cwd)));
  for (const name of wanted.slice(0, 2)) {
    const { version } = JSON.parse(
      readFileSync(join(cwd, 'node_modules', name, 'package.json'), 'utf8'),
    );
    if (version !== packages.find((one) => one.name === name).version)
      fail(`rehearsal: ${manager} installed ${name} ${version}`);
  }
  say(`installed and run by ${manager}`);
}

async function create() {
  const began = Date.now();
  const app = join(folder, 'shop');
  await must('create', run('npm', ['create', '--yes', 'sess', 'shop'], options(folder)));
  await must('install', run('npm', ['install', '--no-audit', '--no-fund'], options(app)));
  const tested = await must('test', run('npm', ['test'], options(app)));
  if (!/pass 3\b/.test(tested)) fail(`rehearsal: expected three tests\n${tested}`);
  say(`npm create sess: created and tested in ${Math.round((Date.now() - began) / 1000)} s`);
}
