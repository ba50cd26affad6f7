// Verification, beside a bare HGET of the very record through the same client.
import { inTurns, timePerOp } from './measure.mjs';
import { subjectNamed } from './sample.mjs';

/** Sessions that are asked for in turn, each of a subject of its own. */
const SPREAD = 256;
/** Enough for a round of 30 ms or more. */
const COUNTS = new Map([
  [1, 800],
  [64, 6_400],
]);

/** @returns concurrency → (name → summary) */
export async function measureVerify({ contenders, hashOf, rounds, onRound }) {
  const handles = new Map();
  for (const contender of contenders) {
    const own = [];
    for (let n = 0; n < SPREAD; n += 1) own.push(await contender.signIn(subjectNamed('verify', n)));
    handles.set(contender, own);
  }
  const results = new Map();
  for (const [concurrency, count] of COUNTS) {
    const tasks = {};
    for (const [name, { client, records }] of Object.entries(hashOf(handles))) {
      tasks[name] = () =>
        timePerOp((n) => hget(client, records[n % SPREAD]), { count, concurrency });
    }
    for (const contender of contenders) {
      const own = handles.get(contender);
      for (const act of ['verify', 'request']) {
        if (contender[act] === undefined) continue;
        const name = act === 'verify' ? contender.name : `${contender.name}, get and touch`;
        tasks[name] = () =>
          timePerOp((n) => contender[act](own[n % SPREAD]), { count, concurrency });
      }
    }
    results.set(
      concurrency,
      await inTurns(tasks, {
        rounds,
        onRound: (round, of) => onRound(`verify at concurrency ${concurrency}`, round, of),
      }),
    );
  }
  return results;
}

function hget(client, { key, field }) {
  return 'hget' in client ? client.hget(key, field) : client.hGet(key, field);
}

/** Where ours keeps a session; what the bare HGET asks for. */
export function recordsOf(prefix, handles) {
  return handles.map(({ session: { sid } }) => ({
    key: `${prefix}${sid.slice(0, 16)}`,
    field: sid.slice(16),
  }));
}
