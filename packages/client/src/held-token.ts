/** The access token of this tab, in memory only. */
export interface HeldToken {
  readonly token: string;
  /** When it runs out, and from when on it is renewed before it is used; milliseconds of the environment's `now`. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** Milliseconds before its end at which a token is renewed, unless that is more than a tenth of its life. */
const MARGIN = 30_000;

/** @param life milliseconds from `since`, which is when it was asked for: a slow answer makes nothing live longer */
export function holdToken(token: string, life: number, since: number): HeldToken {
  const expiresAt = since + life;
  return { token, expiresAt, renewAt: expiresAt - Math.min(MARGIN, life / 10) };
}

/** Whether it can be used as it is. A clock that was set back makes a token of the future: renewed, to be sure. */
export function isFresh(held: HeldToken | undefined, now: number): held is HeldToken {
  return held !== undefined && now < held.renewAt && now >= held.renewAt - LONGEST;
}

/** No access token of a sane service lives longer. */
const LONGEST = 7 * 86_400_000;
