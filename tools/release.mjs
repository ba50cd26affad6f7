// npm run release -- dry | version | notes | publish, around changesets. `dry` shows in a clone of the last commit
// what a release would contain; `publish` runs in .github/workflows/release.yml. Without a word nothing happens.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, checkNode, fail, install, pnpm, published, root, run } from './lib.mjs';

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
  async publish() {
    await must('check', run(process.execPath, [join(root, 'tools', 'check-packages.mjs')]));
    // pnpm replaces the `workspace:` ranges; provenance names the commit and the workflow of a package.
    const env = { NPM_CONFIG_PROVENANCE: 'true' };
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
    await must('check', run(process.execPath, ['tools/check-packages.mjs'], { cwd: copy }));
    process.stdout.write('release: nothing was published, and this working tree is unchanged\n');
  },
};

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
