// npm run release -- dry | version | notes | sbom | publish, around changesets. `dry` versions a clone of the last
// commit, shows what a release would contain, and publishes it to a registry on loopback, from which other projects
// install it. `publish` and `sbom` run in .github/workflows/release.yml. Without a word nothing happens.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bin,
  checkNode,
  fail,
  install,
  packageManager,
  pnpm,
  published,
  root,
  run,
} from './lib.mjs';

/** Returns the section of one version of a CHANGELOG, without its heading; empty if it is missing. */
export function releaseNotes(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split('\n', 1)[0].trim() === version) ?? '';
  return section.split('\n').slice(1).join('\n').trim();
}

const commands = {
  async version() {
    await install();
    await must('changeset version', run(bin('changeset'), ['version']));
    await must('format', run(bin('biome'), ['format', '--write']));
  },
  async notes(tree = root) {
    for (const { dir, manifest } of published(tree)) {
      const file = join(dir, 'CHANGELOG.md');
      const notes = existsSync(file)
        ? releaseNotes(readFileSync(file, 'utf8'), manifest.version)
        : '';
      if (notes) process.stdout.write(`## ${manifest.name} ${manifest.version}\n\n${notes}\n\n`);
    }
  },
  // One list of components for each package, as CycloneDX.
  async sbom() {
    await install();
    await must('sbom', writeSboms(join(root, 'sbom')));
  },
  async publish() {
    await checkPackageManager();
    await must('check', run(process.execPath, [join(root, 'tools', 'check-packages.mjs')]));
    // pnpm replaces the `workspace:` ranges; provenance names the commit and the workflow of a package. Only a
    // workflow can give it: a rehearsal does without.
    const env = { NPM_CONFIG_PROVENANCE: process.env.NPM_CONFIG_PROVENANCE ?? 'true' };
    await must(
      'changeset publish',
      pnpm(['exec', 'changeset', 'publish', '--no-git-tag'], { env }),
    );
  },
  async dry() {
    const copy = mkdtempSync(join(tmpdir(), 'sess-release-'));
    process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
    execFileSync('git', ['clone', '--quiet', root, copy]);
    for (const command of ['version', 'notes'])
      await must(command, run(process.execPath, ['tools/release.mjs', command], { cwd: copy }));
    const rehearsal = join(root, 'test', 'packages', 'rehearsal.mjs');
    await must('rehearsal', run(process.execPath, [rehearsal, copy], { group: true }));
    process.stdout.write(
      'release: nothing left this machine, and this working tree is unchanged\n',
    );
  },
};

/** Writes NAME-VERSION.cdx.json for every published package into a folder. */
function writeSboms(folder) {
  mkdirSync(folder, { recursive: true });
  const filters = published().flatMap(({ manifest }) => ['--filter', manifest.name]);
  const format = ['--prod', '--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6'];
  const to = ['--split', '--out', join(folder, '%s-%v.cdx.json')];
  return pnpm([...filters, 'sbom', ...format, ...to], { quiet: true });
}

/** Ends the process if the registry's package manager is not the one whose hash package.json pins. */
async function checkPackageManager() {
  const { spec, sha512 } = packageManager();
  const { code, output } = await run('npm', ['view', spec, 'dist.integrity'], { quiet: true });
  const wanted = `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`;
  if (code !== 0 || output.trim() !== wanted)
    fail(`release: expected ${spec} with the integrity ${wanted}, got ${output.trim()}`);
}

async function must(what, running) {
  const { code, output } = await running;
  if (code !== 0) fail(`${output}\nrelease: ${what} failed (exit code ${code})`, code);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkNode();
  const [, , name = '', ...rest] = process.argv;
  if (!Object.hasOwn(commands, name) || rest.length > 0)
    fail(`release: expected one of ${Object.keys(commands).join(', ')}.`, 2);
  await commands[name]();
}
