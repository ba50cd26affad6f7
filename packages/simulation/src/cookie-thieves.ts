import type { SessionsOptions } from '@sess/core';
import { createEngineOn } from './page-loads.js';
import { createPrng, deriveSeed } from './prng.js';
import { createTimeline } from './timeline.js';

/** How often two browsers load a page with one cookie, on average, milliseconds. */
export interface CookieTheft {
  readonly thief: number;
  readonly victim: number;
  readonly renewAfter: NonNullable<SessionsOptions['renewAfter']>;
}

/** How long the thieves of one kind worked. */
export interface CookieTheftReport extends CookieTheft {
  readonly histories: number;
  /** Of them, those in which the session ended as reuse before the absolute deadline. */
  readonly found: number;
  /** Minutes from the copy to the end of the session. */
  readonly median: number;
  readonly most: number;
}

const START = 1_700_000_000_000;
const MINUTE = 60_000;
/** A copy is made at a moment of the first hours. */
const LONGEST_BEFORE = 240 * MINUTE;
/** Time after which a thief counts as not found. */
const LONGEST_AFTER = 48 * 60 * MINUTE;

/** Measures how long a copy of the session cookie works beside its owner, until reuse ends the session. */
export async function measureCookieThieves(
  given: CookieTheft & { readonly seed: number; readonly histories: number },
): Promise<CookieTheftReport> {
  const { seed, histories, ...theft } = given;
  const minutes: number[] = [];
  for (let n = 0; n < histories; n += 1) {
    const after = await playTheft(theft, deriveSeed(seed, n));
    if (after !== undefined) minutes.push(after / MINUTE);
  }
  minutes.sort((left, right) => left - right);
  const at = (share: number): number =>
    minutes[Math.floor(share * (minutes.length - 1))] ?? Infinity;
  return { ...theft, histories, found: minutes.length, median: at(0.5), most: at(0.95) };
}

/** Returns the time from the copy to the end of the session. */
async function playTheft(
  { thief, victim, renewAfter }: CookieTheft,
  seed: number,
): Promise<number | undefined> {
  const timeline = createTimeline(START);
  const prng = createPrng(seed);
  const sessions = createEngineOn(timeline, createPrng(deriveSeed(seed, 1)), {
    renewAfter,
    idleTtl: '7d',
  });
  let endedAt: number | undefined;
  sessions.on('reuse', () => {
    endedAt ??= timeline.now();
  });
  const { refreshToken } = await sessions.create({ subject: 'ada' });
  const copiedAt = START + prng.between(0, LONGEST_BEFORE);

  /** Loads pages until the session ends or the time is over. */
  function browse(browser: { jar: string }, every: number): void {
    const pause = prng.between(Math.round(every / 4), Math.round((7 * every) / 4));
    timeline.after(pause, async () => {
      if (endedAt !== undefined || timeline.now() > copiedAt + LONGEST_AFTER) return;
      const result = await sessions.present(browser.jar, { canRenew: true });
      if (!result.ok) return;
      if (result.renewal !== undefined) browser.jar = result.renewal.refreshToken;
      browse(browser, every);
    });
  }

  const owner = { jar: refreshToken };
  browse(owner, victim);
  timeline.after(copiedAt - START, () => browse({ jar: owner.jar }, thief));
  await timeline.run(() => (endedAt === undefined ? 'go on' : 'stop'));
  return endedAt === undefined ? undefined : endedAt - copiedAt;
}

/** Returns the figures of a report in one line. */
export function describeCookieThieves(report: CookieTheftReport): string {
  const { thief, victim, renewAfter, histories, found, median, most } = report;
  const seconds = (milliseconds: number): string => `${milliseconds / 1_000} s`;
  return `cookie thieves, renewAfter ${renewAfter}, thief every ${seconds(thief)}, victim every ${seconds(victim)}: ${found} of ${histories} found, median ${median.toFixed(0)} min, 95 % ${most.toFixed(0)} min`;
}
