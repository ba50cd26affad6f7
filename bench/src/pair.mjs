// Paired slices: contenders take turns every few milliseconds in one process, so that a busy machine is as busy for each.
// Ratios of neighbouring slices compare where throughputs of two runs do not.
import { summary } from './measure.mjs';

/** Reading the clock costs as much as some of the work: it is read once in so many calls. */
const CALLS_BETWEEN_LOOKS = 32;

/** Repeats `work` for about `milliseconds`, and resolves to microseconds a call. */
async function takeSlice(work, { milliseconds, concurrency }) {
  // Timers and sockets have their turn between two slices.
  await new Promise(setImmediate);
  const began = performance.now();
  let calls = 0;
  const lane = async () => {
    do {
      for (let n = 0; n < CALLS_BETWEEN_LOOKS; n += concurrency) {
        await work(calls);
        calls += 1;
      }
    } while (performance.now() - began < milliseconds);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return ((performance.now() - began) * 1_000) / calls;
}

/**
 * @param contenders name → async (n) => anything
 * @param base the name that the others are compared with
 * @returns name → { median, low, high } in microseconds, and `ratio`: the median of the ratios to the base's slice
 */
export async function pair(contenders, { base, rounds, milliseconds, concurrency = 1 }) {
  const names = Object.keys(contenders);
  const times = new Map(names.map((name) => [name, []]));
  const ratios = new Map(names.map((name) => [name, []]));
  const warmups = Math.max(1, Math.floor(rounds / 10));
  for (let round = 0; round < rounds + warmups; round += 1) {
    const taken = {};
    for (let n = 0; n < names.length; n += 1) {
      const name = names[(n + round) % names.length];
      taken[name] = await takeSlice(contenders[name], { milliseconds, concurrency });
    }
    if (round < warmups) continue;
    for (const name of names) {
      times.get(name).push(taken[name]);
      ratios.get(name).push(taken[name] / taken[base]);
    }
  }
  return new Map(
    names.map((name) => [
      name,
      { ...summary(times.get(name)), ratio: summary(ratios.get(name)).median },
    ]),
  );
}
