import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toTokenResponse, wholeSeconds } from '../../src/http/request-session.js';
import type { Issued } from '../../src/types.js';

const NOW = 1_750_000_000_000;

function issued(lifeOfAccess: number): Issued {
  return {
    session: {
      sid: 'S'.repeat(32),
      subject: 'user-1',
      data: {},
      device: {},
      createdAt: NOW,
      authenticatedAt: NOW,
      lastUsedAt: NOW,
      expiresAt: NOW + 60_000,
    },
    accessToken: 'sat_access',
    accessTokenExpiresAt: NOW + lifeOfAccess,
    refreshToken: 'srt_refresh',
    issuedAt: NOW,
  };
}

describe('toTokenResponse', () => {
  it('the body has the members of RFC 6749 5.1, and no refresh token if that travels in the cookie [responses.token, cookies.only]', () => {
    expect(toTokenResponse(issued(900_000), false)).toEqual({
      access_token: 'sat_access',
      token_type: 'Bearer',
      expires_in: 900,
    });
  });

  it('the body has the refresh token with the body transport', () => {
    expect(toTokenResponse(issued(900_000), true)).toEqual({
      access_token: 'sat_access',
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: 'srt_refresh',
    });
  });

  it("expires_in counts from the store's time of issue, not from the local clock", () => {
    expect(toTokenResponse(issued(30_000), false).expires_in).toBe(30);
  });
});

describe('a token response that is inspected', () => {
  it('an inspected token response shows no token, and its JSON has them', () => {
    const response = toTokenResponse(issued(900_000), true);
    expect(inspect(response)).not.toMatch(/s[ar]t_/);
    expect(inspect(response)).toContain('Bearer');
    expect(JSON.stringify(response)).toMatch(/sat_access.*srt_refresh/);
  });
});

describe('wholeSeconds', () => {
  it.each([
    [0, 0],
    [999, 0],
    [1_000, 1],
    [1_999, 1],
    [899_999, 899],
    [-1, 0],
    [-5_000, 0],
  ])('wholeSeconds rounds %i ms down to %i, and is never negative', (milliseconds, seconds) => {
    expect(wholeSeconds(milliseconds)).toBe(seconds);
  });
});
