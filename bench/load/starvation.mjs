// Detects moments in which a process waited for a processor: a timeout in such a moment is not a fault.
import { readFileSync } from 'node:fs';

/** A process that waits longer than these milliseconds in a second counts as starved. */
const MUCH = 300;

/**
 * @param {readonly number[]} pids the processes that have timeouts to keep
 * @returns `look`, to be called repeatedly, and the `moments` at which one of them was starved
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

/** Returns the milliseconds waited so far as Linux counts them; 0 on other systems. */
function readWait(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
