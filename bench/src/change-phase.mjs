// Refresh and revoke: what writes.
import { inTurns, timePerOp } from './measure.mjs';
import { subjectNamed } from './sample.mjs';

const COUNTS = new Map([
  [1, 200],
  [64, 1_280],
]);

/** @returns operation → concurrency → (name → summary) */
export async function measureChanges({ contenders, rounds, onRound }) {
  const results = new Map();
  for (const operation of ['refresh', 'revoke']) {
    const perConcurrency = new Map();
    for (const [concurrency, count] of COUNTS) {
      const tasks = Object.fromEntries(
        contenders.map((contender) => [
          contender.name,
          async (round) => {
            const handles = await signInMany(
              contender,
              `${operation}${concurrency}.${round}`,
              count,
            );
            return timePerOp((n) => contender[operation](handles[n]), { count, concurrency });
          },
        ]),
      );
      const label = `${operation} at concurrency ${concurrency}`;
      const seen = await inTurns(tasks, {
        rounds,
        onRound: (round, of) => onRound(label, round, of),
      });
      perConcurrency.set(concurrency, seen);
    }
    results.set(operation, perConcurrency);
  }
  return results;
}

/** Three sessions a subject, as people have. */
export async function signInMany(contender, run, count) {
  const handles = new Array(count);
  const work = async (n) => {
    handles[n] = await contender.signIn(subjectNamed(run, Math.floor(n / 3)));
  };
  await timePerOp(work, { count, concurrency: 64 });
  return handles;
}
