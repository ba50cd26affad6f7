// `node tools/dev.mjs mutation [WORD …]`: changes the code of core in one small way after another and fails when the
// tests notice fewer than the share in stryker.config.mjs, or if survivors.tsv differs from the survivors: it lists those
// that no test can notice, with the reason. Words choose files by their path; the default is all of session/, token/ and
// http/.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fetchProgram } from '../../test/runtimes/fetch.mjs';
import { runtimes } from '../../test/runtimes/table.mjs';
import { fail, installApart, root, run } from '../lib.mjs';
import { findFiles } from '../source.mjs';
import { compareSurvivors, readExplanations, toTable } from './survivors.mjs';

const STRYKER = '10.1.1';
/** Stryker needs a newer Node than the libraries do. */
const OLDEST_NODE = 22;

const words = process.argv.slice(2);
const files = findFiles(
  root,
  /^packages\/core\/src\/(?:session|token|http)\/(?!index\.ts).*\.ts$/,
).filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
if (files.length === 0)
  fail(`No file of session/, token/ or http/ has ${words.join(' or ')} in its path.`, 2);

const tools = join(root, '.cache', 'mutation', 'tools');
const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${STRYKER}`);
await installApart(tools, packages);
const stryker = join(tools, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const isNew = Number(process.versions.node.split('.')[0]) >= OLDEST_NODE;
const node = isNew
  ? process.execPath
  : await fetchProgram(runtimes.find(({ name }) => name === 'Node 24').package);
const args = [stryker, 'run', 'tools/mutation/stryker.config.mjs', '--mutate', files.join(',')];
const reportFile = join(root, '.cache', 'mutation', 'report.json');
rmSync(reportFile, { force: true });
const { code } = await run(node, args, { group: true });
if (!existsSync(reportFile)) fail('The mutants could not be tried.', code);

const read = (path) => readFileSync(path, 'utf8');
const report = JSON.parse(read(reportFile));
const explanations = readExplanations(read(join(root, 'tools', 'mutation', 'survivors.tsv')));
const { unexplained, stale } = compareSurvivors(report, { files, explanations });
const lines = [
  toTable(report, files),
  ...unexplained.map(({ file, line, from, to }) => `${file}:${line} survives: ${from} -> ${to}`),
  ...stale.map(
    ({ file, from, to }) =>
      `survivors.tsv explains what does not survive: ${file}: ${from} -> ${to}`,
  ),
];
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exit(code === 0 && lines.length > 1 ? 1 : code);
