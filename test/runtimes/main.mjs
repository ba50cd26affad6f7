// `node tools/dev.mjs runtimes [NAME …]`: tests the Hono adapter on other runtimes: those whose name contains
// one of the words, or all. Each is fetched from npm on the first run.
import { fail, run } from '../../tools/lib.mjs';
import { checksFor } from './checks.mjs';
import { fetchProgram } from './fetch.mjs';
import { withServer } from './server.mjs';
import { runtimes } from './table.mjs';

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = runtimes.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0)
  fail(`No runtime has such a name; there are ${runtimes.map(({ name }) => name).join('; ')}`, 2);

let failed = 0;
for (const runtime of chosen) {
  const problems = [];
  let summary = '';
  try {
    const program = await fetchProgram(runtime.package);
    const { output } = await run(program, ['--version'], { quiet: true });
    const version = /\d+(?:\.\d+)+|\d{4}-\d\d-\d\d/.exec(output)?.[0] ?? output.trim();
    await withServer(program, await runtime.args(), async (base) => {
      const checks = checksFor(base, runtime.face);
      for (const [name, check] of checks) {
        await check().catch((error) => problems.push(`${name}: ${error.message}`));
      }
      summary = `${version}, ${checks.length - problems.length} of ${checks.length} checks`;
    });
  } catch (error) {
    problems.push(error.message);
  }
  if (problems.length > 0) failed += 1;
  const verdict = problems.length > 0 ? 'FAILED' : 'ok';
  process.stdout.write(`runtimes: ${runtime.name} ${verdict} (${summary || 'not started'})\n`);
  for (const problem of problems) process.stdout.write(`  ${problem.replaceAll('\n', '\n  ')}\n`);
}
process.exit(failed > 0 ? 1 : 0);
