import { describe, expect, it } from 'vitest';
import { slopeOf } from './growth.mjs';
import { createTally } from './tally.mjs';
import { judge } from './verdict.mjs';

/** Returns MiB over ten minutes, with the teeth of garbage collection. */
const memoryOf = (perMinute) =>
  Array.from({ length: 600 }, (_, at) => ({
    at,
    value: 150 + (at % 7) * 3 + (at / 60) * perMinute,
  }));

const summary = {
  ...{ requests: 1, failed: 0, failures: [], p99: 1, statuses: {} },
  unavailable: [],
};
const late = [{ action: 'me', at: 60_000 }];
const good = {
  seconds: 600,
  honest: summary,
  hostile: summary,
  memory: memoryOf(0),
  starved: [],
  redis: {
    ...{ first: 1, last: 1.5, isDrained: true, keysLeft: 0, clientsLeft: 0 },
    ...{ longestLife: 60_000, longestAllowed: 135_000 },
  },
  ending: { code: 0, signal: null, seconds: 0.2 },
  complaints: '',
  unseen: [],
};

describe('judge', () => {
  it('accepts a run that kept every bound', () => {
    expect(judge(good)).toEqual([]);
  });

  it.each([
    ['a refusal', { honest: { ...summary, failures: ['refresh: 401'] } }, 'refresh: 401'],
    ['a server’s error', { hostile: { ...summary, failures: ['x resulted in 500'] } }, '500'],
    [
      'a store that was too slow',
      { honest: { ...summary, unavailable: late }, starved: [50_000] },
      '1 responses 503, the first to me',
    ],
    ['silence', { honest: { ...summary, requests: 0 } }, 'nothing was sent'],
    ['an action that no client did', { unseen: ['reauth'] }, 'no client did this: reauth'],
    ['a process that grows', { memory: memoryOf(10) }, 'grew by 59.8 MiB after its warm-up'],
    ['keys that stay', { redis: { ...good.redis, keysLeft: 3 } }, '3 keys are left'],
    [
      'a key that nothing ends',
      { redis: { ...good.redis, longestLife: Number.POSITIVE_INFINITY } },
      'Infinity ms to live',
    ],
    ['memory that stays', { redis: { ...good.redis, last: 9 } }, '8.00 MiB more than before'],
    ['connections that stay', { redis: { ...good.redis, clientsLeft: 1 } }, '1 connections'],
    ['a process that fails', { ending: { code: 1, seconds: 1 } }, 'ended with 1 after 1.0 s'],
    [
      'a process that has to be killed',
      { ending: { code: null, signal: 'none', seconds: 10 } },
      'ended with none',
    ],
    ['a complaint', { complaints: 'Error: x' }, 'it wrote to standard error: Error: x'],
  ])('names %s', (_what, seen, text) => {
    expect(judge({ ...good, ...seen })).toEqual([expect.stringContaining(text)]);
  });

  it('excuses a timeout of a process that got no processor', () => {
    const starved = [61_000];
    expect(judge({ ...good, honest: { ...summary, unavailable: late }, starved })).toEqual([]);
  });
});

describe('the line through samples', () => {
  it('ignores samples that are far off', () => {
    const samples = Array.from({ length: 50 }, (_, at) => ({ at, value: 2 * at }));
    samples[10].value = 1e9;
    samples[40].value = -1e9;
    expect(slopeOf(samples)).toBeCloseTo(2);
    expect(slopeOf(samples.slice(0, 1))).toBe(0);
  });
});

describe('the tally', () => {
  it('counts responses and returns the 99th percentile to an eighth', () => {
    const tally = createTally();
    for (let n = 1; n <= 1_000; n += 1) tally.add('me', n % 100 === 0 ? 401 : 200, n);
    const { requests, p99, statuses } = tally.summary();
    expect({ requests, statuses }).toEqual({
      requests: 1_000,
      statuses: { 'me 200': 990, 'me 401': 10 },
    });
    expect(p99).toBeGreaterThan(990 / 1.13);
    expect(p99).toBeLessThan(990 * 1.13);
  });

  it('keeps the first failures and counts all', () => {
    const tally = createTally();
    for (let n = 0; n < 1_000; n += 1) tally.fail(`failure ${n}`);
    expect(tally.failed).toBe(1_000);
    expect(tally.summary().failures).toHaveLength(20);
  });
});
