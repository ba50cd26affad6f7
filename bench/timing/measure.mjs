// Measures the duration of a call with several kinds of input in alternation.

/** Calls timed together: one call takes little longer than reading the clock. */
const BATCH = 10;

/**
 * Times `call` with tokens of each kind, `rounds` times each, in another order in every round; `kinds` derive a token of
 * the kind from a valid one. Returns nanoseconds per call, by kind.
 */
export async function measure({ call, tokens, kinds }, rounds) {
  const names = Object.keys(kinds);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -rounds / 10; round < rounds; round += 1) {
    // The same sessions for all kinds, so that only the kind differs.
    const start = Math.floor(Math.random() * (tokens.length - BATCH));
    for (const name of shuffled(names)) {
      const batch = tokens.slice(start, start + BATCH).map((token) => fresh(kinds[name](token)));
      const began = process.hrtime.bigint();
      for (const text of batch) await call(text);
      const took = Number(process.hrtime.bigint() - began) / BATCH;
      // Negative rounds are the warm-up.
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

/**
 * Returns a flat copy at a new address, as a request brings it: neither the history of a string nor its place in memory
 * may influence the time of reading it.
 */
const fresh = (text) => Buffer.from(text).toString('latin1');

function shuffled(list) {
  const rest = [...list];
  return list.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]);
}
