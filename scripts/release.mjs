// npm run release:dry: shows what a release would publish, without publishing and without touching this tree.
// npm run release: publishes what is not in the registry yet; .github/workflows/release.yml runs it.
// Both pack and check the same way, so what is published is what was looked at.
// `--notes` prints what the CHANGELOGs say of the version that the packages have.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listPacked, readPacked } from './packages/tarballs.mjs';
import { releaseNotes } from './release/changelog.mjs';
import { cloneTree } from './release/copy-tree.mjs';
import { chooseMode } from './release/mode.mjs';
import { run } from './run.mjs';
import { bin, checkNode, fail, install, pnpm, root, workspace } from './setup.mjs';

checkNode();
const mode = chooseMode(process.argv.slice(2));
if (mode === undefined) fail('Write one of: --dry, --notes, --publish.', 2);
const say = (text) => process.stdout.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'sess-release-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const tarballs = join(folder, 'tarballs');

await { '--dry': rehearse, '--notes': tellNotes, '--publish': publish }[mode]();

async function rehearse() {
  await install();
  const before = statusOf(root);
  const copy = join(folder, 'tree');
  say('release: copying the tree, with what is not committed yet');
  cloneTree(root, copy);
  await must('install', pnpm(['install', '--frozen-lockfile'], { cwd: copy, quiet: true }));
  const pending = readdirSync(join(copy, '.changeset')).filter((name) => name.endsWith('.md'));
  say(`release: versioning, by ${pending.length} changesets`);
  await must(
    'changeset version',
    run(bin('changeset', copy), ['version'], { cwd: copy, quiet: true }),
  );
  say('release: building, packing, checking');
  await check(copy);

  for (const { name, version, file } of packed()) {
    const files = listPacked(file);
    const { dependencies = {} } = JSON.parse(readPacked(file, 'package.json'));
    say(`\n${name} ${version}: ${files.length} files, ${kilobytes(file)} packed`);
    for (const [other, range] of Object.entries(dependencies)) say(`  needs ${other} ${range}`);
    const entries = files.filter((path) => /^[^/]+$/.test(path));
    const folders = new Set(
      files.filter((path) => path.includes('/')).map((path) => path.split('/')[0]),
    );
    say(`  holds ${[...entries, ...[...folders].map((path) => `${path}/`)].join(' ')}`);
  }
  say(`\n${notesOf(copy)}`);
  if (statusOf(root) !== before) fail('release: the working tree was changed');
  say('\nrelease: nothing was published, and the working tree is as it was');
}

function tellNotes() {
  say(notesOf(root));
}

async function publish() {
  await check(root);
  for (const { name, version, file } of packed()) {
    const known = await run('npm', ['view', `${name}@${version}`, 'version'], { quiet: true });
    if (known.code === 0 && known.output.includes(version)) {
      say(`release: ${name} ${version} is published already`);
      continue;
    }
    // Provenance: the registry shows which commit and workflow the tarball comes from.
    const args = ['publish', file, '--provenance', '--access', 'public'];
    await must(`${name} ${version}`, run('npm', args, { quiet: true }));
    say(`release: ${name} ${version} published`);
  }
}

/** Every gate of check:packages; leaves the tarballs that passed. */
async function check(tree) {
  const script = join(tree, 'scripts', 'check-packages.mjs');
  await must(
    'check:packages',
    run(process.execPath, [script, '--into', tarballs], { cwd: tree, quiet: true }),
  );
}

/** In the order of the workspace, which puts core before those that need it. */
function packed() {
  return readdirSync(tarballs)
    .map((name) => join(tarballs, name))
    .map((file) => ({ ...JSON.parse(readPacked(file, 'package.json')), file }))
    .sort(
      (a, b) =>
        Number(b.name === '@sess/core') - Number(a.name === '@sess/core') ||
        (a.name < b.name ? -1 : 1),
    );
}

/** The notes of all packages, each under its name. */
function notesOf(tree) {
  return workspace(tree)
    .filter(({ manifest, dir }) => !manifest.private && existsSync(join(dir, 'CHANGELOG.md')))
    .map(({ manifest: { name, version }, dir }) => {
      const notes = releaseNotes(readFileSync(join(dir, 'CHANGELOG.md'), 'utf8'), version);
      return notes === '' ? '' : `## ${name} ${version}\n\n${notes}`;
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

function statusOf(tree) {
  return execFileSync('git', ['status', '--porcelain'], { cwd: tree, encoding: 'utf8' });
}

function kilobytes(file) {
  return `${(statSync(file).size / 1024).toFixed(1)} kB`;
}

async function must(what, running) {
  const { code, output } = await running;
  if (code !== 0) fail(`${output}\nrelease: ${what} failed (exit code ${code})`, code);
}
