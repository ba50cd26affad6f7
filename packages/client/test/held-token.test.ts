import { describe, expect, it } from 'vitest';
import { holdToken, isWithin } from '../src/held-token.js';

const response = (seconds: number) => ({ access_token: 'token', expires_in: seconds });

describe('holdToken', () => {
  it('lets a token be renewed 30 seconds before its end', () => {
    const held = holdToken(response(900), 1_000, 1);
    expect(held.expiresAt).toBe(901_000);
    expect(isWithin(held, 870_999)).toBe(true);
    expect(isWithin(held, 871_000)).toBe(false);
  });

  it('lets a short-lived token be used for nine tenths of its lifetime', () => {
    const held = holdToken(response(2), 0, 1);
    expect(isWithin(held, 1_799)).toBe(true);
    expect(isWithin(held, 1_800)).toBe(false);
  });

  it.each([
    ['30 days', 30 * 86_400],
    ['ten years', 315_360_000],
  ])('takes a lifetime of %s', (_name, seconds) => {
    const held = holdToken(response(seconds), 0, 1);
    expect(isWithin(held, seconds * 1_000 - 30_001)).toBe(true);
  });

  it('uses a token without a lifetime until it is refused', () => {
    const held = holdToken({ access_token: 'token' } as never, 0, 1);
    expect(isWithin(held, 315_360_000_000)).toBe(true);
  });

  it('does not trust a token from the future, after the clock was set back', () => {
    expect(isWithin(holdToken(response(900), 0, 1), -31_000)).toBe(false);
  });

  it('throws for a response without a token', () => {
    expect(() => holdToken({} as never, 0, 1)).toThrow(TypeError);
  });

  it('reads the sid of an opaque token', () => {
    const token = { access_token: `sat_${'a'.repeat(32)}.secret`, expires_in: 1 };
    expect(holdToken(token, 0, 1)).toMatchObject({ sid: 'a'.repeat(32), key: 'a'.repeat(32) });
  });

  it('reads the sid and the subject of a JWT, with characters beyond ASCII', () => {
    const claims = Buffer.from(JSON.stringify({ sid: 's1', sub: 'åsa?>~' })).toString('base64url');
    const held = holdToken({ access_token: `eyJh.${claims}.x`, expires_in: 1 }, 0, 1);
    expect(held).toMatchObject({ sid: 's1', subject: 'åsa?>~', key: 's1' });
  });

  it.each(['token', 'a.b.c', 'eyJh..', 'a.bnVsbA.c'])(
    'uses the fallback key for %s, which shows no session',
    (access_token) => {
      const held = holdToken({ access_token, expires_in: 1 }, 0, 7);
      expect(held).toMatchObject({ key: 7, sid: undefined, subject: undefined });
    },
  );
});
