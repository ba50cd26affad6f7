// Checks that the subjects of the commits after a base follow Conventional Commits with a known scope.
// `node tools/commit-subjects.mjs [BASE]`; commits up to 7996fb7 were written before the rule.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BASE = '7996fb7';
const TYPES = 'feat|fix|perf|refactor|test|docs|build|ci|chore|revert|style';
const SCOPES =
  'core|http|store|jwt|redis|sql|client|express|fastify|hono|web|create|adopt|bound|otel|testkit|docs|tools|ci|test|bench|examples';
/** A change of several packages may leave the scope out. */
const SUBJECT = new RegExp(
  `^(?:${TYPES})(?:\\((?:${SCOPES})(?:,(?:${SCOPES}))*\\))?!?: \\S.*[^.]$`,
);
const MAX_LENGTH = 100;

/** Returns what is wrong with a commit subject, or `undefined`. */
export function checkSubject(subject) {
  if (subject.length > MAX_LENGTH) return `longer than ${MAX_LENGTH} characters`;
  return SUBJECT.test(subject)
    ? undefined
    : 'expected "type(scope): subject" with a known scope and no full stop';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' });
  let log;
  try {
    log = git('log', '--no-merges', '--format=%h %s', `${process.argv[2] ?? BASE}..HEAD`);
  } catch {
    process.stdout.write('commits: the base is not in this clone, nothing was checked\n');
    process.exit(0);
  }
  const problems = log
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const problem = checkSubject(line.slice(line.indexOf(' ') + 1));
      return problem ? [`${line}: ${problem}`] : [];
    });
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`commits: ${problems.length} subjects refused\n`);
  process.exit(problems.length > 0 ? 1 : 0);
}
