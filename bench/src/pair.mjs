// Paired slices: contenders take turns every few milliseconds in one process, so that a busy machine is as busy for each.
// Ratios of neighbouring slices compare where throughputs of two runs do not.
import { summary } from './measure.mjs';

/** Reading the clock costs as much as some of the work: it is read once in so many calls. */
const CALLS_BETWEEN_LOOKS = 32;

/** The two halves of a run may differ by this share. */
const SETTLED = 0.1;

/** Repeats `work` for about `milliseconds`, and resolves to microseconds a call, of the clock and of the processor. */
async function takeSlice(work, { milliseconds, concurrency }) {
  // Timers and sockets have their turn between two slices.
  await new Promise(setImmediate);
  const cpu = process.cpuUsage();
  const began = performance.now();
  let calls = 0;
  const lane = async () => {
    do {
      for (let n = 0; n < CALLS_BETWEEN_LOOKS; n += concurrency) {
        const result = work(calls);
        // To await what is no promise costs as much as some of the work.
        if (result instanceof Promise) await result;
        calls += 1;
      }
    } while (performance.now() - began < milliseconds);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const wall = ((performance.now() - began) * 1_000) / calls;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / calls };
}

/** True if the medians of both halves of the run agree. */
function isSettled(ratios) {
  const half = Math.floor(ratios.length / 2);
  const [first, second] = [ratios.slice(0, half), ratios.slice(half)].map(
    (part) => summary(part).median,
  );
  return Math.abs(first - second) <= SETTLED * Math.min(first, second);
}

/**
 * @param contenders name → (n) => anything, or a promise of it
 * @param base the name that the others are compared with
 * @param by what the ratios are of: `wall`, or `cpu` for work that waits for nothing, which other processes disturb less
 * @returns name → { median, low, high } in microseconds, `ratio`: the median of the ratios to the base's slice, and
 *   `cells` with the quartiles of the ratios, the processor time, and whether both halves of the run agree
 */
export async function pair(
  contenders,
  { base, rounds, milliseconds, concurrency = 1, by = 'wall' },
) {
  const names = Object.keys(contenders);
  const taken = new Map(names.map((name) => [name, []]));
  const warmups = Math.max(1, Math.floor(rounds / 10));
  for (let round = 0; round < rounds + warmups; round += 1) {
    const slices = {};
    for (let n = 0; n < names.length; n += 1) {
      const name = names[(n + round) % names.length];
      slices[name] = await takeSlice(contenders[name], { milliseconds, concurrency });
    }
    if (round < warmups) continue;
    for (const name of names) {
      const { wall, cpu } = slices[name];
      taken.get(name).push({ wall, cpu, ratio: slices[name][by] / slices[base][by] });
    }
  }
  return new Map([...taken].map(([name, slices]) => [name, summarize(slices, by)]));
}

function summarize(slices, by) {
  const of = (member) => slices.map((slice) => slice[member]);
  const { median, low, high } = summary(of('ratio'));
  return {
    ...summary(of(by)),
    ratio: median,
    cells: {
      'quartiles of the ratio': `${low.toFixed(2)} to ${high.toFixed(2)}`,
      [by === 'cpu' ? 'µs of the clock' : 'µs of processor']: summary(
        of(by === 'cpu' ? 'wall' : 'cpu'),
      ).median.toFixed(2),
      settled: isSettled(of('ratio')) ? 'yes' : 'no: both halves differ by more than 10 %',
    },
  };
}
