import { createSessions, type Sessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import type { FakeClock } from '../../../../test/kit.js';

/** Seeded, so that a figure that is printed can be found again. */
function createGenerator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One-way delays by the median, the spread of their logarithm, and the share of answers that are lost. */
const NETWORKS = {
  wired: { median: 15, spread: 0.5, lost: 0 },
  mobile: { median: 200, spread: 1, lost: 0.01 },
  bad: { median: 900, spread: 1.3, lost: 0.08 },
} as const;

/** Half the grace: an answer may be on its way as long, and the next request too. */
const UNDER_GRACE = 4_990;

/** For each network; at full scale three networks make 20,000 and a few. */
const BURSTS = scaled(6_700);

interface Burst {
  readonly sessions: Sessions;
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly network: (typeof NETWORKS)[keyof typeof NETWORKS];
  readonly longest: number;
}

interface Outcome {
  readonly isAlive: boolean;
  /** The longest of all delays, milliseconds. */
  readonly slowest: number;
}

/**
 * Four to eight page loads within three seconds share one cookie jar. Each sends the jar's token of that
 * moment, sets the jar when its answer arrives, and then calls the API. Nothing waits for anything.
 */
async function runBurst({ sessions, clock, random, network, longest }: Burst): Promise<Outcome> {
  const queue: { readonly at: number; readonly run: () => Promise<void> }[] = [];
  const start = clock.now();
  const schedule = (at: number, run: () => Promise<void>): void => {
    queue.push({ at, run });
    queue.sort((left, right) => left.at - right.at);
  };
  const delay = (): number => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const drawn = Math.min(longest, network.median * Math.exp(network.spread * normal));
    slowest = Math.max(slowest, drawn);
    return drawn;
  };

  const login = await sessions.create({ subject: 'ada' });
  let jar = login.refreshToken;
  let isAlive = true;
  let slowest = 0;

  function load(at: number, isLast: boolean): void {
    schedule(at, async () => {
      const sent = jar;
      schedule(clock.now() + delay(), async () => {
        const result = await sessions.refresh(sent);
        if (!result.ok) {
          isAlive = false;
          return;
        }
        if (random() < network.lost && !isLast) return;
        schedule(clock.now() + delay(), async () => {
          if (result.refreshToken !== sent) jar = result.refreshToken;
          schedule(clock.now() + delay(), async () => {
            if (!(await sessions.verify(result.accessToken)).ok) isAlive = false;
          });
        });
      });
    });
  }

  const loads = 4 + Math.floor(random() * 5);
  for (let n = 0; n < loads; n += 1) load(start + 60_000 + random() * 3_000, false);
  // A last look, long after: the jar must hold a token that still works.
  load(start + 600_000, true);

  for (let next = queue.shift(); next !== undefined && isAlive; next = queue.shift()) {
    clock.set(next.at);
    await next.run();
    // Lets the background settling of a verification finish.
    await Promise.resolve();
  }
  clock.set(start + 700_000);
  await sessions.revokeAll('ada');
  return { isAlive, slowest };
}

async function runBursts(
  name: keyof typeof NETWORKS,
  bursts: number,
  longest: number,
): Promise<Outcome[]> {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, logger: silentLogger });
  const random = createGenerator(20_261_121);
  const outcomes: Outcome[] = [];
  for (let n = 0; n < bursts; n += 1) {
    outcomes.push(await runBurst({ sessions, clock, random, network: NETWORKS[name], longest }));
  }
  return outcomes.filter((outcome) => !outcome.isAlive);
}

describe('a burst of page loads on one cookie jar', () => {
  it.each(['wired', 'mobile', 'bad'] as const)(
    `never ends a session while an exchange stays under the grace: %s, ${BURSTS} bursts [rotation.order]`,
    async (name) => {
      expect(await runBursts(name, BURSTS, UNDER_GRACE)).toEqual([]);
    },
    600_000,
  );

  it('a burst of page loads ends sessions only where a delay was beyond the grace; the share is printed', async () => {
    const bursts = scaled(3_000);
    for (const [name, longest] of [
      ['bad', 9_990],
      ['mobile', 60_000],
      ['bad', 60_000],
    ] as const) {
      const ended = await runBursts(name, bursts, longest);
      const share = (100 * ended.length) / bursts;
      process.stdout.write(
        `page-load bursts, ${name} network, one-way delays up to ${longest / 1_000} s: ${share.toFixed(2)} % of sessions ended\n`,
      );
      for (const { slowest } of ended) expect(slowest).toBeGreaterThan(UNDER_GRACE);
    }
  }, 120_000);
});
