// `node tools/dev.mjs timing [ROUNDS]`: whether the time of a verification depends on a secret; takes a minute.
import { measure } from './measure.mjs';
import { report } from './report.mjs';
import { makeLeak, makeSubjects } from './subjects.mjs';

const rounds = Number(process.argv[2] ?? 20_000);
const [opaque, signed] = await makeSubjects();
const outcomes = [];
for (const subject of [opaque, signed, makeLeak()]) {
  const { lines, ...outcome } = report(subject.name, await measure(subject, rounds));
  process.stdout.write(`${lines.join('\n')}\n`);
  outcomes.push(outcome);
}
const control = outcomes.pop();
const faults = [
  [
    outcomes.some(({ leaks }) => leaks),
    'the time of a verification depends on where a secret is wrong',
  ],
  [
    outcomes.some(({ isUnsound }) => isUnsound),
    'the machine is too busy: two identical kinds differ',
  ],
  [!control.leaks, 'the known leak was not found, so the method did not work'],
].filter(([isFound]) => isFound);
for (const [, fault] of faults) process.stdout.write(`timing: ${fault}\n`);
process.exit(faults.length > 0 ? 1 : 0);
