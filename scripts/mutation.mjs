// npm run mutation [-- WORD …]: changes the code of core in one small way after another, and tells which changes no
// test notices; in the files whose path holds one of the words, or in all of session/, token/ and http/.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installApart } from './fetch.mjs';
import { findSurvivors, summarize, toTable } from './mutation/report.mjs';
import { explained } from './mutation/survivors.mjs';
import { run } from './run.mjs';
import { fetchProgram } from './runtimes/fetch.mjs';
import { runtimes } from './runtimes/table.mjs';
import { checkNode, fail, install, root } from './setup.mjs';

const STRYKER = '10.1.1';
/** What Stryker asks for, which is more than the libraries do. */
const OLDEST_NODE = 22;
const FOLDERS = ['session', 'token', 'http'];

checkNode();
const source = 'packages/core/src';
const words = process.argv.slice(2);
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, source, folder)).map((name) => `${source}/${folder}/${name}`),
)
  // Exports only.
  .filter((path) => !path.endsWith('/index.ts'))
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
if (files.length === 0) fail(`no file of ${FOLDERS.join(', ')} is called so`, 2);

await install();
const tools = join(root, '.cache', 'mutation', 'tools');
await installApart(tools, [
  `@stryker-mutator/core@${STRYKER}`,
  `@stryker-mutator/vitest-runner@${STRYKER}`,
]);
const stryker = join(tools, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const config = join('scripts', 'mutation', 'stryker.config.mjs');
const { code } = await run(
  await findNode(),
  [stryker, 'run', config, '--mutate', files.join(',')],
  { cwd: root, group: true },
);
if (code !== 0) fail('the mutants could not be tried', code);

const report = JSON.parse(readFileSync(join(root, '.cache', 'mutation', 'report.json'), 'utf8'));
const { unexplained, stale } = findSurvivors(report, { files, explained });
process.stdout.write(`\n${toTable(summarize(report, { files, explained }))}\n`);
for (const { file, line, from, to } of unexplained)
  process.stdout.write(`\n${file}:${line} survives\n  - ${from}\n  + ${to}\n`);
for (const { file, from, to } of stale)
  process.stdout.write(`\n${file}: explained, but no survivor\n  - ${from}\n  + ${to}\n`);
process.exit(unexplained.length + stale.length > 0 ? 1 : 0);

async function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return process.execPath;
  return fetchProgram(runtimes.find(({ name }) => name === 'Node 24').package);
}
