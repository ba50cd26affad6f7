/** A successful answer with tokens (RFC 6749, section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
}

/** The access token of this tab, in memory only. */
export interface HeldToken {
  readonly token: string;
  /** When it runs out, and from when on it is renewed before it is used; milliseconds of the environment's `now`. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** Milliseconds before its end at which a token is renewed, unless that is more than a tenth of its life. */
const MARGIN = 30_000;
/** No access token of a sane service lives longer. */
const LONGEST = 7 * 86_400_000;

/**
 * @param at when it was asked for: a slow answer makes nothing live longer
 * @throws TypeError for an answer without a token, such as that of a gateway or of a sign-in that was refused
 */
export function holdToken(
  { access_token: token, expires_in }: TokenResponse,
  at: number,
): HeldToken {
  if (typeof token !== 'string') throw new TypeError('The answer has no access_token.');
  const life = expires_in * 1_000;
  const expiresAt = at + life;
  return { token, expiresAt, renewAt: expiresAt - Math.min(MARGIN, life / 10) };
}

/** Whether it can be used as it is. A clock that was set back makes a token of the future: renewed, to be sure. */
export function isFresh(held: HeldToken | undefined, now: number): boolean {
  return held !== undefined && now < held.renewAt && now >= held.renewAt - LONGEST;
}
