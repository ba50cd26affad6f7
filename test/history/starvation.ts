import { readClock } from './history.js';

/** How often the process looks whether it is being served. */
const EVERY_MS = 25;

/**
 * Counts the time for which this process wanted to run and did not get a processor; milliseconds since the
 * start. On a busy machine that is seconds, and no deadline can be kept meanwhile. What the process was busy with itself does
 * not count: a library that blocks its process has no excuse.
 */
export function watchStarvation(): () => number {
  let starved = 0;
  let lastLook = readClock();
  let lastUsage = process.cpuUsage();
  const look = (): number => {
    const now = readClock();
    const wall = now - lastLook;
    if (wall > EVERY_MS) {
      const { user, system } = process.cpuUsage(lastUsage);
      starved += Math.max(0, wall - EVERY_MS - (user + system) / 1_000);
    }
    lastLook = now;
    lastUsage = process.cpuUsage();
    return starved;
  };
  setInterval(look, EVERY_MS);
  return look;
}
