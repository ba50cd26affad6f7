// Creates many sessions for a measurement.
import { timePerOp } from './measure.mjs';
import { subjectNamed } from './sample.mjs';

/** Three sessions a subject, as people have. */
export async function signInMany(contender, run, count) {
  const handles = new Array(count);
  const work = async (n) => {
    handles[n] = await contender.signIn(subjectNamed(run, Math.floor(n / 3)));
  };
  await timePerOp(work, { count, concurrency: 64 });
  return handles;
}
