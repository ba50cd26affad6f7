// Measures how long a call takes with several kinds of input, all of them in turn.

/** Calls that are timed together: one takes little longer than reading the clock does. */
const BATCH = 10;

/**
 * Times `call` with tokens of each kind, `rounds` times each, in another order in every round; `kinds` make one of the
 * kind out of a right one. Answers nanoseconds a call, by kind.
 */
export async function measure({ call, tokens, kinds }, rounds) {
  const names = Object.keys(kinds);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -rounds / 10; round < rounds; round += 1) {
    // Of the same sessions for all kinds, so that they differ in nothing but what is asked about.
    const start = Math.floor(Math.random() * (tokens.length - BATCH));
    for (const name of shuffled(names)) {
      const batch = tokens.slice(start, start + BATCH).map((token) => fresh(kinds[name](token)));
      const began = process.hrtime.bigint();
      for (const text of batch) await call(text);
      const took = Number(process.hrtime.bigint() - began) / BATCH;
      // What came first has warmed it up.
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

/**
 * A copy in one piece and in a place of its own, as a request brings it: neither how a text was put together nor where
 * it lies must decide how long it takes to read.
 */
const fresh = (text) => Buffer.from(text).toString('latin1');

function shuffled(list) {
  const rest = [...list];
  return list.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]);
}
