// What has to hold of a run. The bounds are stated here, and nowhere else.
import { afterWarmUp, slopeOf } from './growth.mjs';

/** The share of a run in which the process may grow: caches fill, and code is compiled. */
const WARM_UP = 0.4;
/**
 * MiB that the process may grow after the warm-up, along the line through all samples: first where that is a minute
 * or more, then where it is less, and the process so young that it grows by itself.
 */
const MOST_GROWTH = { inMinutes: 24, inSeconds: 96 };
/** MiB that Redis may use more than before, once no key is left. */
const MOST_LEFT = 1;
/** Seconds until the process has ended. */
const MOST_PATIENCE = 10;

/** Milliseconds between a starved process and an answer that came too late for it. */
const NEAR = 3_000;

/** Answers 503 that came while every process got its share of a processor. */
export function unexcused({ honest, hostile, starved }) {
  return [...honest.unavailable, ...hostile.unavailable].filter(
    ({ at }) => !starved.some((moment) => Math.abs(moment - at) < NEAR),
  );
}

/** MiB, along the line. */
export function growthOf(samples) {
  const counted = afterWarmUp(samples, WARM_UP);
  return slopeOf(counted) * ((counted.at(-1)?.at ?? 0) - (counted[0]?.at ?? 0));
}

/** @returns {string[]} one line for each thing that must not be */
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
    ...say(late.length > 0, `${late.length} answers 503, the first to ${late[0]?.action}`),
    ...say(honest.requests === 0 || hostile.requests === 0, 'nothing was sent'),
    ...unseen.map((action) => `nobody ever did this: ${action}`),
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
      `Redis uses ${(redis.last - redis.first).toFixed(2)} MiB more than before, though all has run out`,
    ),
    ...say(redis.clientsLeft > 0, `${redis.clientsLeft} connections to Redis are left`),
    ...say(
      ending.code !== 0 || ending.seconds > MOST_PATIENCE,
      `the process ended with ${ending.code ?? ending.signal} after ${ending.seconds.toFixed(1)} s`,
    ),
    ...say(foreign(complaints) !== '', `it complained: ${foreign(complaints)}`),
  ];
}

/** What is said of a store that did not answer in time is told by the answers 503. */
function foreign(complaints) {
  const lines = complaints.split('\n');
  return lines.filter((line) => !/SessWarning|--trace-warnings/.test(line)).join('\n');
}
