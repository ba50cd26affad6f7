import type { Issued } from '../types.js';
import { hideWhenInspected } from '../util/logger.js';

/** A successful answer with tokens, as RFC 6749 section 5.1 has it. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Whole seconds from now; never beyond the session's end. */
  readonly expires_in: number;
  /** Only where the client keeps the refresh token itself: `refreshTransport: 'body'`. */
  readonly refresh_token?: string;
}

export function toTokenResponse(issued: Issued<object>, withRefreshToken: boolean): TokenResponse {
  return hideWhenInspected(['access_token', 'refresh_token'], {
    access_token: issued.accessToken,
    token_type: 'Bearer',
    expires_in: wholeSeconds(issued.accessTokenExpiresAt - issued.issuedAt),
    ...(withRefreshToken ? { refresh_token: issued.refreshToken } : {}),
  });
}

/** Rounded down: a promise of a second more than there is would be found out. */
export function wholeSeconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / 1_000));
}
