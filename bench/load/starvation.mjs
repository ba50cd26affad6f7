// Whether a process had to wait for a processor: what it did not do meanwhile is not its fault.
import { readFileSync } from 'node:fs';

/** Milliseconds in a second for which a process waits that is starved. */
const MUCH = 300;

/**
 * @param {readonly number[]} pids the processes that have to do something within their deadlines
 * @returns `look`, to be called now and then, and `moments` at which one of them was starved
 */
export function createStarvationWatch(pids) {
  const moments = [];
  let before = { at: performance.now(), waits: pids.map(readWait) };
  return {
    moments,
    look() {
      const now = { at: performance.now(), waits: pids.map(readWait) };
      const seconds = (now.at - before.at) / 1_000;
      const longest = Math.max(...now.waits.map((wait, n) => wait - before.waits[n]));
      if (longest > MUCH * seconds) moments.push(now.at);
      before = now;
    },
  };
}

/** Milliseconds so far, as the scheduler of Linux counts them; elsewhere nobody is known to be starved. */
function readWait(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
