// Ending all sessions of one subject, whatever their number.
import { summary, timePerOp } from './measure.mjs';

/** Size → how often: the larger ones take the others seconds. */
const SIZES = new Map([
  [10, 9],
  [1_000, 3],
  [10_000, 1],
]);
/** Ours is over in a moment, so the largest is done more often than by the others. */
const LEAST_OF_OURS = 3;

/** @returns size → (name → summary of µs a call) */
export async function measureRevokeAll({ contenders, flush, onRound }) {
  const results = new Map();
  for (const [size, times] of SIZES) {
    const seen = new Map();
    for (const contender of contenders) {
      const calls = contender.name.startsWith('ours') ? Math.max(times, LEAST_OF_OURS) : times;
      const taken = [];
      for (let call = 0; call < calls; call += 1) {
        onRound(`revoke-all of ${size}, ${contender.name}`, call + 1, calls);
        await flush();
        const subject = `everywhere-${call}`;
        await timePerOp(() => contender.signIn(subject), { count: size, concurrency: 64 });
        const began = performance.now();
        await contender.revokeAll(subject);
        taken.push((performance.now() - began) * 1000);
      }
      seen.set(contender.name, summary(taken));
    }
    results.set(size, seen);
  }
  return results;
}
