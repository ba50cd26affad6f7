// Judges a run. All bounds are defined here.
import { afterWarmUp, slopeOf } from './growth.mjs';

/** The share of a run in which the process may grow, because caches fill and code is compiled. */
const WARM_UP = 0.4;
/**
 * MiB that the process may grow after the warm-up, along the line through all samples: the first value for a minute
 * or more, the second for less, when a young process still grows without load.
 */
const MOST_GROWTH = { inMinutes: 24, inSeconds: 96 };
/** MiB that Redis may use more than at the start, once no key is left. */
const MOST_LEFT = 1;
/** Seconds until the process must have ended. */
const MOST_PATIENCE = 10;

/** Milliseconds between a starved moment and a timeout that it excuses. */
const NEAR = 3_000;

/** Returns the 503 responses that no starved process excuses. */
export function unexcused({ honest, hostile, starved }) {
  return [...honest.unavailable, ...hostile.unavailable].filter(
    ({ at }) => !starved.some((moment) => Math.abs(moment - at) < NEAR),
  );
}

/** Returns the growth in MiB along the line. */
export function growthOf(samples) {
  const counted = afterWarmUp(samples, WARM_UP);
  return slopeOf(counted) * ((counted.at(-1)?.at ?? 0) - (counted[0]?.at ?? 0));
}

/** @returns {string[]} one line for each problem */
export function judge(result) {
  const { seconds, honest, hostile, memory, redis, ending, complaints, unseen } = result;
  const late = unexcused(result);
  const growth = growthOf(memory);
  const isLong = (1 - WARM_UP) * seconds >= 60;
  const mostGrowth = isLong ? MOST_GROWTH.inMinutes : MOST_GROWTH.inSeconds;
  const say = (isWrong, text) => (isWrong ? [text] : []);
  return [
    ...honest.failures.map((text) => `an honest client was refused: ${text}`),
    ...hostile.failures.map((text) => `garbage was not refused: ${text}`),
    ...say(late.length > 0, `${late.length} responses 503, the first to ${late[0]?.action}`),
    ...say(honest.requests === 0 || hostile.requests === 0, 'nothing was sent'),
    ...unseen.map((action) => `no client did this: ${action}`),
    ...say(
      growth > mostGrowth,
      `the process grew by ${growth.toFixed(1)} MiB after its warm-up, more than ${mostGrowth}`,
    ),
    ...say(redis.keysLeft > 0, `${redis.keysLeft} keys are left in Redis`),
    ...say(
      redis.longestLife > redis.longestAllowed,
      `a key in Redis has ${redis.longestLife} ms to live, more than ${redis.longestAllowed}`,
    ),
    ...say(
      redis.isDrained && redis.last - redis.first > MOST_LEFT,
      `Redis uses ${(redis.last - redis.first).toFixed(2)} MiB more than before, though every key has expired`,
    ),
    ...say(redis.clientsLeft > 0, `${redis.clientsLeft} connections to Redis are left`),
    ...say(
      ending.code !== 0 || ending.seconds > MOST_PATIENCE,
      `the process ended with ${ending.code ?? ending.signal} after ${ending.seconds.toFixed(1)} s`,
    ),
    ...say(foreign(complaints) !== '', `it wrote to standard error: ${foreign(complaints)}`),
  ];
}

/** Leaves out log lines of a store timeout, which the 503 responses count. */
function foreign(complaints) {
  const lines = complaints.split('\n');
  return lines.filter((line) => !/SessWarning|--trace-warnings/.test(line)).join('\n');
}
