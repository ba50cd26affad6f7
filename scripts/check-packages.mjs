// Packs every package as it would be published, and looks at the tarballs the way users will:
// publint and are-the-types-wrong, and what they hold.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { bin, build, checkNode, fail, install, pnpm, workspace } from './setup.mjs';

const NEEDED = ['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts'];
const UNWANTED = /\.test\.|\/test\/|\.tsbuildinfo$|\/node_modules\/|\/\.env/;

checkNode();
await install();
const published = workspace().filter(({ manifest }) => !manifest.private);
// From nothing, so that the output of a source that is gone is not packed.
for (const { dir } of published) rmSync(join(dir, 'dist'), { recursive: true, force: true });
await build();

const folder = mkdtempSync(join(tmpdir(), 'sess-pack-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const filters = published.flatMap(({ manifest }) => ['--filter', manifest.name]);
const packed = await pnpm([...filters, 'pack', '--pack-destination', folder], { quiet: true });
if (packed.code !== 0) fail(packed.output, packed.code);

let failed = 0;
for (const { manifest } of published) {
  const problems = await check(join(folder, tarballName(manifest)));
  process.stdout.write(`packages: ${manifest.name} ${problems.length > 0 ? 'FAILED' : 'ok'}\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) failed++;
}
process.exit(failed > 0 ? 1 : 0);

async function check(tarball) {
  return [
    ...contentProblems(tarball),
    ...(await toolProblems('publint', ['run', tarball, '--strict'])),
    ...(await toolProblems('attw', [tarball, '--profile', 'esm-only', '--no-emoji'])),
  ];
}

/** The name that `pack` gives a scoped package. */
function tarballName({ name, version }) {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

function contentProblems(tarball) {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  return [
    ...NEEDED.filter((name) => !files.includes(`package/${name}`)).map(
      (name) => `${name} is missing`,
    ),
    ...files.filter((name) => UNWANTED.test(name)).map((name) => `${name} must not be published`),
  ];
}

async function toolProblems(name, args) {
  const { code, output } = await run(bin(name), args, { quiet: true });
  return code === 0 ? [] : [output];
}
