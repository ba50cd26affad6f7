// Timing: rounds in which the contenders take turns, so that a slow second of the machine hits them all.

/** Calls `work(n)` for n = 0 … count-1, `concurrency` at a time; resolves to microseconds per operation. */
export async function timePerOp(work, { count, concurrency }) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  return ((performance.now() - began) * 1000) / count;
}

/** The same for synchronous work, for which a promise would cost too much. */
function timeAtOnce(work, count) {
  const began = performance.now();
  for (let n = 0; n < count; n += 1) work(n);
  return ((performance.now() - began) * 1000) / count;
}

/**
 * A task for `inTurns` that measures for about the given milliseconds a round, independent of the cost of the work: it finds its
 * count in the warm-up round.
 */
export function timed(work, { concurrency = 1, isAtOnce = false, milliseconds }) {
  const take = (count) =>
    isAtOnce ? timeAtOnce(work, count) : timePerOp(work, { count, concurrency });
  let count;
  return async () => {
    if (count !== undefined) return take(count);
    // Short trials mislead, as nothing is compiled yet: the last one takes half of the time at least.
    for (let trial = concurrency * 4; ; ) {
      const time = await take(trial);
      const wanted = Math.ceil((milliseconds * 1000) / time);
      if (trial >= wanted / 2) {
        count = Math.max(wanted, concurrency);
        return time;
      }
      trial = Math.min(wanted, trial * 8);
    }
  };
}

/**
 * @param tasks name → async (round) => µs an operation; each prepares what it needs before it measures
 * @param warmups rounds that are not counted: compilers and servers warm up in them
 * @returns name → { median, low, high }, low and high being the quartiles
 */
export async function inTurns(tasks, { rounds, warmups = 1, onRound = () => {} }) {
  const names = Object.keys(tasks);
  const seen = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds + warmups; round += 1) {
    onRound(round + 1, rounds + warmups);
    // Another one begins each time: who follows whom must not matter.
    for (let n = 0; n < names.length; n += 1) {
      const name = names[(n + round) % names.length];
      const time = await tasks[name](round);
      if (round >= warmups) seen.get(name).push(time);
    }
  }
  return new Map([...seen].map(([name, times]) => [name, summary(times)]));
}

export function summary(times) {
  const sorted = [...times].sort((left, right) => left - right);
  return { median: at(sorted, 0.5), low: at(sorted, 0.25), high: at(sorted, 0.75) };
}

function at(sorted, share) {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [left, right] = [sorted[below], sorted[Math.ceil(place)]];
  return left + (right - left) * (place - below);
}
