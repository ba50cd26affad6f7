import { describe, expect, it } from 'vitest';
import {
  decideRefresh,
  inspectRefreshToken,
  type RefreshAttempt,
} from '../../src/session/rotation.js';
import type { FormerFamily } from '../../src/store/record.js';
import { deriveAccessSecret, digest } from '../../src/token/crypto.js';
import { AT, POLICY, random, signIn, withAuth } from './decisions.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const SALT = Buffer.alloc(16, 9).toString('base64url');
const END = AT + 60_000;
const MIN = 1_000;

const accessDigest = (count: number) => digest(deriveAccessSecret(SECRET, SALT, count));
const familyOf = (change: Partial<FormerFamily> = {}): FormerFamily => ({
  expiresAt: END,
  authenticatedAt: AT - 5_000,
  family: digest('family'),
  refresh: digest(SECRET),
  generation: 3,
  salt: SALT,
  accessCount: 0,
  access: [{ digest: accessDigest(0), expiresAt: END }],
  ...change,
});
const OTHER = familyOf({ family: digest('other'), refresh: digest('other') });

/** Refreshes with the newest token of a family that a re-authentication replaced. */
function refresh(family: FormerFamily, at: number, given: Partial<RefreshAttempt> = {}) {
  const { record } = withAuth(signIn(), { former: [OTHER, family] });
  const token = { sid: record.sid, family: 'family', generation: 3, secret: SECRET };
  const decision = decideRefresh({ record, token, at, policy: POLICY, random, ...given });
  return { record, token, decision };
}

describe('a refresh with the newest token of a family before a re-authentication', () => {
  it('repeats the tokens without a write while the access token is of use', () => {
    const family = familyOf();
    for (const at of [AT, END - MIN - 1]) {
      const { record, decision } = refresh(family, at);
      expect(decision).toEqual({
        kind: 'answer',
        generation: 3,
        refreshSecret: SECRET,
        accessSecret: deriveAccessSecret(SECRET, SALT, 0),
        replayed: true,
        isRepeated: true,
        former: family,
        auth: record.auth,
      });
    }
  });

  it('adds an access token in place of one that ends within a second, to this family only', () => {
    const family = familyOf({ access: [{ digest: accessDigest(0), expiresAt: AT + MIN }] });
    const { record, decision } = refresh(family, AT);
    const former = {
      ...family,
      accessCount: 1,
      access: [...family.access, { digest: accessDigest(1), expiresAt: END }],
    };
    expect(decision).toEqual({
      kind: 'answer',
      generation: 3,
      refreshSecret: SECRET,
      accessSecret: deriveAccessSecret(SECRET, SALT, 1),
      replayed: true,
      isRepeated: false,
      former,
      auth: { ...record.auth, former: [OTHER, former] },
    });
    const longer = familyOf({ access: [{ digest: accessDigest(0), expiresAt: AT + MIN + 1 }] });
    expect(refresh(longer, AT).decision).toMatchObject({ isRepeated: true });
  });

  it('adds one where the last is dead, or where the family has none', () => {
    expect(refresh(familyOf(), AT, { isAccessDead: true }).decision).toMatchObject({
      isRepeated: false,
      former: { accessCount: 1 },
    });
    const without = familyOf({ accessCount: -1 });
    expect(refresh(without, AT).decision).toMatchObject({
      isRepeated: false,
      accessSecret: deriveAccessSecret(SECRET, SALT, 0),
      former: { accessCount: 0 },
    });
    expect(refresh(familyOf({ access: [] }), AT).decision).toMatchObject({ isRepeated: false });
  });

  it('lives no longer than its policy allows', () => {
    const policy = { ...POLICY, accessTtl: 5_000 };
    const { decision } = refresh(familyOf({ access: [] }), AT, { policy });
    expect(decision).toMatchObject({ former: { access: [{ expiresAt: AT + 5_000 }] } });
    // A tenth of a brief lifetime is enough.
    const short = familyOf({ access: [{ digest: accessDigest(0), expiresAt: AT + 501 }] });
    expect(refresh(short, AT, { policy }).decision).toMatchObject({ isRepeated: true });
  });

  it('is unknown if an access token would end within a second, or the family has ended', () => {
    const dead = { isAccessDead: true };
    expect(refresh(familyOf(), END - MIN + 1, dead).decision).toEqual({
      kind: 'reject',
      reason: 'unknown',
    });
    expect(refresh(familyOf(), END - MIN, dead).decision).toMatchObject({ kind: 'answer' });
    expect(refresh(familyOf(), END).decision).toEqual({ kind: 'reject', reason: 'unknown' });
  });

  it('is genuine for a sign-out', () => {
    const { record, token } = refresh(familyOf(), AT);
    expect(inspectRefreshToken({ record, token, at: AT, policy: POLICY })).toBe('genuine');
    expect(inspectRefreshToken({ record, token, at: END, policy: POLICY })).toBe('foreign');
  });
});
