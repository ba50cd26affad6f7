import { boundDigest } from '@sess/core/internal';
import type { AuthPart, DeviceBinding, FormerFamily } from '@sess/core/store';
import { describe, expect, it } from 'vitest';
import { findCookie, rebind } from '../src/dbsc/cookies.js';

const AT = 1_000;
const BINDING: DeviceBinding = {
  kind: 'dbsc',
  key: 'key',
  salt: 'earlier salt',
  cookieTtl: 600_000,
  cookies: [
    { digest: boundDigest('over'), expiresAt: AT },
    { digest: boundDigest('first'), expiresAt: AT + 9_000 },
  ],
  formerUntil: 77,
  isPending: false,
};
const EARLIER: AuthPart = {
  expiresAt: 100_000,
  absoluteExpiresAt: 100_000,
  authenticatedAt: 0,
  lastUsedAt: 0,
  generation: 0,
  family: 'earlier family',
  refresh: 'earlier refresh',
  access: [],
  steps: [{ salt: 'earlier step' }],
  accessCount: 0,
  acknowledged: true,
  replayed: false,
};
const FORMER: FormerFamily = {
  expiresAt: AT + 5_000,
  authenticatedAt: 0,
  family: EARLIER.family,
  refresh: EARLIER.refresh,
  generation: 0,
  salt: 'earlier step',
  accessCount: 0,
  access: [{ digest: 'access', expiresAt: AT + 1 }],
};
const FRESH: AuthPart = {
  ...EARLIER,
  authenticatedAt: AT,
  family: 'family',
  refresh: 'refresh',
  steps: [{ salt: 'step' }],
};
const binding = {
  ...BINDING,
  salt: 'step',
  cookies: [{ digest: boundDigest('second'), expiresAt: AT + BINDING.cookieTtl }],
  formerUntil: 0,
};
const after = (given: Partial<AuthPart>, former?: readonly FormerFamily[]) =>
  rebind({ ...FRESH, ...(former && { former }) }, { ...EARLIER, ...given }, 'second');

describe('a binding after a re-authentication', () => {
  it('keeps the key, with the salt of the new family and its refresh token as the only cookie', () => {
    expect(after({ binding: BINDING })).toEqual({ ...FRESH, binding });
  });

  it('leaves the live cookies to the family that was replaced, not beyond its end, and to no other', () => {
    const other = { ...FORMER, family: 'another family' };
    const cookie = { digest: boundDigest('first'), expiresAt: FORMER.expiresAt };
    expect(after({ binding: BINDING }, [other, FORMER]).former).toEqual([
      other,
      { ...FORMER, access: [...FORMER.access, cookie] },
    ]);
    expect(after({ binding: BINDING }, [other]).former).toEqual([other]);
  });

  it('ends if the browser may not know of it, and none begins', () => {
    expect(after({ binding: { ...BINDING, isPending: true } }, [FORMER])).toEqual({
      ...FRESH,
      former: [FORMER],
    });
    expect(after({})).toEqual(FRESH);
  });

  it('stays that of a client with a key', () => {
    const key = { kind: 'dpop', jkt: 'thumbprint' } as const;
    expect(after({ binding: key })).toEqual({ ...FRESH, binding: key });
  });
});

describe('a cookie of a bound session', () => {
  it('is found by its secret, also when it has run out', () => {
    expect(findCookie(BINDING, 'over')).toBe(BINDING.cookies[0]);
    expect(findCookie(BINDING, 'first')).toBe(BINDING.cookies[1]);
    expect(findCookie(BINDING, 'second')).toBeUndefined();
  });
});
