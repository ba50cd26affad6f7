// npm run check:packages: packs every package as it would be published, and looks at the tarballs the way
// users will: their content, publint, and are-the-types-wrong with every entry point.
// `--into FOLDER` keeps the tarballs that were looked at.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { contentProblems } from './packages/content.mjs';
import { packAll, unpack } from './packages/tarballs.mjs';
import { run } from './run.mjs';
import { bin, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
const folder = mkdtempSync(join(tmpdir(), 'sess-pack-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const at = process.argv.indexOf('--into');
const kept = at < 0 ? folder : resolve(process.argv[at + 1] ?? '');
mkdirSync(kept, { recursive: true });

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const shared = {
  license: readFileSync(join(root, 'LICENSE'), 'utf8'),
  node: engines.node,
  // A home that is / or nothing would be in every file.
  machine: [root, homedir()].filter((path) => path.length > 1).map((path) => `${path}${sep}`),
};

let failed = 0;
for (const packed of await packAll(kept)) {
  const problems = await check(packed);
  process.stdout.write(`packages: ${packed.name} ${problems.length > 0 ? 'FAILED' : 'ok'}\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) failed++;
}
process.exit(failed > 0 ? 1 : 0);

async function check({ dir, name, tarball }) {
  const unpacked = join(folder, 'unpacked', name);
  mkdirSync(unpacked, { recursive: true });
  unpack(tarball, unpacked);
  const directory = relative(root, dir).split(sep).join('/');
  return [
    ...contentProblems(unpacked, { ...shared, directory }),
    ...(await toolProblems('publint', ['run', tarball, '--strict'])),
    ...(await toolProblems('attw', [tarball, '--profile', 'esm-only', '--no-emoji'])),
  ];
}

async function toolProblems(name, args) {
  const { code, output } = await run(bin(name), args, { quiet: true });
  return code === 0 ? [] : [output];
}
