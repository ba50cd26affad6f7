import { createSessions, type Sessions, type SessionsOptions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { createPrng, deriveSeed, type Prng } from './prng.js';
import { createTimeline, type Timeline } from './timeline.js';

/** How the messages between a browser and the server travel, each way. */
export interface Network {
  /** The share of exchanges whose request or response is lost. */
  readonly lost: number;
  /** The share of messages that are late. */
  readonly late: number;
  /** How late at most, milliseconds. */
  readonly latest: number;
}

export type NetworkName = 'mobile' | 'bad' | 'awful';

/** Networks from usable to hardly usable. */
export const NETWORKS: Readonly<Record<NetworkName, Network>> = {
  mobile: { lost: 0.05, late: 0, latest: 0 },
  bad: { lost: 0.05, late: 0.05, latest: 60_000 },
  awful: { lost: 0.05, late: 0.1, latest: 240_000 },
};

/** The outcome of many simulated days. */
export interface PageLoadReport {
  readonly network: NetworkName;
  readonly histories: number;
  readonly requests: number;
  readonly renewals: number;
  /** Sessions that ended although no one had a copy of their cookie. */
  readonly ended: number;
  /** The seeds of the first of them, to see them again. */
  readonly seeds: readonly number[];
}

type CookieOptions = Pick<SessionsOptions, 'renewAfter' | 'overlap' | 'grace'>;

const START = 1_700_000_000_000;
const PAGES = 60;
const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000] as const;
/** How long the user waits for a page before loading it again. */
const PATIENCE = 20 * SECOND;
const ATTEMPTS = 3;
/** Requests of a page after its document: `true` for those of scripts, which may renew the cookie. */
const PARTS = [true, true, false, false] as const;

/** Simulates days of people whose pages are loaded by the session cookie. One engine and one cookie jar for each. */
export async function measurePageLoads(given: {
  readonly network: NetworkName;
  readonly seed: number;
  readonly histories: number;
  readonly options?: CookieOptions;
}): Promise<PageLoadReport> {
  const { network, seed, histories, options } = given;
  const total = { requests: 0, renewals: 0, ended: 0 };
  const seeds: number[] = [];
  for (let n = 0; n < histories; n += 1) {
    const own = deriveSeed(seed, n);
    const day = await playDay({ network: NETWORKS[network], seed: own, options });
    total.requests += day.requests;
    total.renewals += day.renewals;
    if (!day.isEnded) continue;
    total.ended += 1;
    if (seeds.length < 5) seeds.push(own);
  }
  return { network, histories, ...total, seeds };
}

/** Creates an engine whose time is that of a timeline. */
export function createEngineOn(
  timeline: Timeline,
  prng: Prng,
  options: SessionsOptions = {},
): Sessions {
  return createSessions({
    ...options,
    logger: silentLogger,
    random: prng.bytes,
    // The memory store is never late, so no timer has to fire.
    clock: { now: timeline.now, startTimer: () => () => {} },
  });
}

async function playDay(given: {
  readonly network: Network;
  readonly seed: number;
  readonly options: CookieOptions | undefined;
}) {
  const { network, seed, options } = given;
  const timeline = createTimeline(START);
  const prng = createPrng(seed);
  const sessions = createEngineOn(timeline, createPrng(deriveSeed(seed, 1)), options);
  let jar = (await sessions.create({ subject: 'ada' })).refreshToken;
  const day = { requests: 0, renewals: 0, isEnded: false };

  /** Sends one request with the cookie that the jar has now. */
  function send(canRenew: boolean, arrived: () => void = () => {}): { drop(): void } {
    const cookie = jar;
    const lost = prng.chance(network.lost)
      ? prng.pick(['request', 'response'] as const)
      : undefined;
    const [out, back] = [delayOn(network, prng), delayOn(network, prng)];
    let isDropped = false;
    async function serve(): Promise<void> {
      day.requests += 1;
      const result = await sessions.present(cookie, { canRenew });
      if (!result.ok) {
        day.isEnded = true;
        return;
      }
      const { renewal } = result;
      if (lost === 'response') return;
      timeline.after(back, () => {
        if (isDropped) return;
        if (renewal !== undefined) {
          day.renewals += 1;
          jar = renewal.refreshToken;
        }
        arrived();
      });
    }
    if (lost !== 'request') timeline.after(out, () => void serve());
    return {
      drop() {
        isDropped = true;
      },
    };
  }

  /** Loads a page, again if it does not come, and then its parts. */
  function load(attempt = 1): void {
    let isShown = false;
    const navigation = send(true, () => {
      isShown = true;
      for (const canRenew of PARTS) send(canRenew);
    });
    timeline.after(PATIENCE, () => {
      if (isShown || attempt === ATTEMPTS) return;
      // A browser drops a page that is loaded again; another tab goes on waiting for it.
      if (prng.chance(0.5)) navigation.drop();
      load(attempt + 1);
    });
  }

  let at = 0;
  for (let page = 0; page < PAGES; page += 1) {
    at += drawPause(prng);
    timeline.after(at, () => load());
    if (prng.chance(0.15)) timeline.after(at + prng.between(0, SECOND), () => load());
  }
  await timeline.run(() => (day.isEnded ? 'stop' : 'go on'));
  return day;
}

function delayOn({ late, latest }: Network, prng: Prng): number {
  return prng.chance(late) ? prng.between(SECOND, latest) : prng.between(20, 400);
}

/** The time between two pages: people click through some, read others, and come back after lunch. */
function drawPause(prng: Prng): number {
  const roll = prng.next();
  if (roll < 0.4) return prng.between(SECOND, 10 * SECOND);
  if (roll < 0.75) return prng.between(10 * SECOND, 2 * MINUTE);
  if (roll < 0.9) return prng.between(2 * MINUTE, 15 * MINUTE);
  return roll < 0.98 ? prng.between(15 * MINUTE, 45 * MINUTE) : prng.between(HOUR, 6 * HOUR);
}

/** Returns the figures of a report in one line. */
export function describePageLoads(report: PageLoadReport, setting = 'defaults'): string {
  const { network, histories, requests, renewals, ended, seeds } = report;
  const again = seeds.length === 0 ? '' : ` (seeds ${seeds.join(', ')})`;
  return `page loads, ${setting}, ${network}: ${ended} of ${histories} honest sessions ended, ${requests} requests, ${renewals} renewals${again}`;
}
