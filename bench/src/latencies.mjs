// The duration of single calls, with the slowest of a hundred among them.
import { summary } from './measure.mjs';

/** Work that waits for nothing lets timers and sockets have their turn this often. */
const TURN_MS = 1;

/**
 * Repeats `work` for some time; resolves to what each call took, in microseconds.
 *
 * @param isAtOnce whether the work waits for nothing
 */
export async function takeLatencies(work, { milliseconds, concurrency = 1, isAtOnce = false }) {
  const times = [];
  const until = performance.now() + milliseconds;
  const lane = async () => {
    let turned = performance.now();
    do {
      const began = performance.now();
      if (isAtOnce && began - turned > TURN_MS) {
        await new Promise(setImmediate);
        turned = performance.now();
        continue;
      }
      await work(times.length);
      times.push((performance.now() - began) * 1_000);
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return times;
}

/** @returns the median and quartiles, with the 99th percentile as a cell */
export function describeLatencies(times) {
  const sorted = [...times].sort((left, right) => left - right);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
  return { ...summary(times), cells: { 'p99 µs': p99 } };
}
