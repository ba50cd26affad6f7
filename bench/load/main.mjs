// npm run load [-- arguments]: puts the examples under load. `-- --help` lists the arguments.
import { readArguments, USAGE } from './arguments.mjs';
import { loadExample } from './one-example.mjs';
import { findRedis } from './redis.mjs';
import { writeStatuses, writeTable } from './report.mjs';
import { judge } from './verdict.mjs';

function readOrExplain() {
  try {
    const read = readArguments(process.argv.slice(2));
    if (!read.isHelp) return read;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { seconds, seed, examples, tokens, isDrained } = readOrExplain();
const isTerminal = process.stderr.isTTY === true;
let told = 0;

/** Updates one line of the terminal; without a terminal, prints a line every ten seconds. */
function onProgress(state) {
  const line =
    state.waiting === undefined
      ? `${state.name}: ${Math.round(state.seconds)} of ${seconds} s, ${state.count} requests, ${Math.round(state.memory)} MiB`
      : `${state.name}: waiting until every key has expired, ${Math.round(state.waiting)} s`;
  if (isTerminal) process.stderr.write(`\r\x1b[K${line}`);
  else if (performance.now() - told > 10_000) {
    told = performance.now();
    process.stderr.write(`${line}\n`);
  }
}

process.stderr.write(`seed ${seed}\n`);
const binary = await findRedis((line) => process.stderr.write(`${line}\n`));
const results = [];
for (const name of examples) {
  results.push(await loadExample({ name, binary, seconds, seed, tokens, isDrained, onProgress }));
}
if (isTerminal) process.stderr.write('\r\x1b[K');

process.stdout.write(`${writeTable(results)}\n`);
for (const result of results) {
  process.stdout.write(`\n${result.name}\n${writeStatuses(result)}\n`);
}
const problems = results.flatMap((result) =>
  judge(result).map((problem) => `${result.name}: ${problem}`),
);
for (const problem of problems) process.stdout.write(`\nFAILED ${problem}\n`);
process.stdout.write(problems.length === 0 ? '\nload: every bound was kept\n' : '');
process.exit(problems.length === 0 ? 0 : 1);
