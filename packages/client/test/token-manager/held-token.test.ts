import { describe, expect, it } from 'vitest';
import { holdToken, isFresh } from '../../src/token-manager.js';

const answer = (seconds: number) => ({ access_token: 'token', expires_in: seconds });

describe('a held token', () => {
  it('is renewed half a minute before its end', () => {
    const held = holdToken(answer(900), 1_000);
    expect(held.expiresAt).toBe(901_000);
    expect(isFresh(held, 870_999)).toBe(true);
    expect(isFresh(held, 871_000)).toBe(false);
  });

  it('is used for nine tenths of its life when that is short', () => {
    const held = holdToken(answer(2), 0);
    expect(isFresh(held, 1_799)).toBe(true);
    expect(isFresh(held, 1_800)).toBe(false);
  });

  it('is not trusted with more than a week', () => {
    expect(isFresh(holdToken(answer(900), 0), -8 * 86_400_000)).toBe(false);
  });

  it('is not one without a token', () => {
    expect(() => holdToken({} as never, 0)).toThrow(TypeError);
  });
});
