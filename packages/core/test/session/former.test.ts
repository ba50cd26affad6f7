import { describe, expect, it } from 'vitest';
import {
  acknowledged,
  asFormer,
  findFormer,
  findFormerAccess,
  retireFamily,
} from '../../src/session/former.js';
import type { AuthPart, FormerFamily } from '../../src/store/record.js';
import { digest } from '../../src/token/crypto.js';
import { AT, signIn } from './decisions.js';

const { record, token } = signIn();
const auth = record.auth as AuthPart;
const HOW = { at: AT + 1_000, overlap: 60_000, isLookedUp: true };

/** An earlier family with a name, which ends at a time. */
const familyOf = (name: string, expiresAt: number): FormerFamily => ({
  expiresAt,
  authenticatedAt: AT,
  family: digest(`family of ${name}`),
  refresh: digest(`refresh of ${name}`),
  generation: 2,
  salt: 'c2FsdA',
  accessCount: 0,
  access: [{ digest: digest(`access of ${name}`), expiresAt: expiresAt - 10 }],
});
const withFormer = (...former: FormerFamily[]): AuthPart => ({ ...auth, former });
const tokenOf = (name: string, generation = 2) => ({
  sid: record.sid,
  family: `family of ${name}`,
  secret: `refresh of ${name}`,
  generation,
});

describe('a family that a re-authentication retires', () => {
  it('counts for the overlap, with its tokens, its salt and its proof', () => {
    const [family, ...others] = retireFamily({ ...auth, acr: 'two' }, HOW);
    expect(others).toEqual([]);
    expect(family).toEqual({
      expiresAt: HOW.at + 60_000,
      authenticatedAt: AT,
      family: auth.family,
      refresh: auth.refresh,
      generation: 0,
      salt: auth.steps.at(-1)?.salt,
      accessCount: 0,
      access: [{ digest: auth.access[0]?.digest, expiresAt: HOW.at + 60_000 }],
      acr: 'two',
    });
  });

  it('counts no longer than the session, and its access tokens no longer than before', () => {
    const brief = { ...auth, access: [{ digest: 'd', expiresAt: HOW.at + 5 }] };
    expect(retireFamily(brief, HOW)[0]?.access).toEqual([{ digest: 'd', expiresAt: HOW.at + 5 }]);
    expect(retireFamily({ ...auth, expiresAt: HOW.at + 7 }, HOW)[0]?.expiresAt).toBe(HOW.at + 7);
  });

  it('keeps no access token that has ended, and none that is trusted without a look at the store', () => {
    const access = [
      { digest: 'ended', expiresAt: HOW.at },
      { digest: 'live', expiresAt: HOW.at + 1 },
    ];
    expect(retireFamily({ ...auth, access }, HOW)[0]?.access.map((entry) => entry.digest)).toEqual([
      'live',
    ]);
    expect(retireFamily({ ...auth, access }, { ...HOW, isLookedUp: false })[0]?.access).toEqual([]);
  });

  it('is not kept without time left, and leaves out those that have ended', () => {
    const [ended, live] = [familyOf('ended', HOW.at), familyOf('live', HOW.at + 1)];
    expect(retireFamily(withFormer(ended, live), { ...HOW, overlap: 0 })).toEqual([live]);
    expect(retireFamily(auth, { ...HOW, overlap: 0 })).toEqual([]);
    const families = retireFamily(withFormer(ended, live), HOW).map((each) => each.family);
    expect(families).toEqual([live.family, auth.family]);
  });

  it('makes room for the first one and the newest ones, three in all', () => {
    const late = HOW.at + 90_000;
    const [a, b, c] = [familyOf('a', late), familyOf('b', late), familyOf('c', late)];
    const names = (...former: FormerFamily[]) =>
      retireFamily(withFormer(...former), HOW).map((each) => each.family);
    expect(names(a, b)).toEqual([a.family, b.family, auth.family]);
    expect(names(a, b, c)).toEqual([a.family, c.family, auth.family]);
  });
});

describe('a token of an earlier family', () => {
  const family = familyOf('a', AT + 100);
  const record2 = withFormer(familyOf('b', AT + 100), family);

  it('is found by its family, its secret and its generation, until the family ends', () => {
    expect(findFormer(record2, tokenOf('a'), AT + 99)).toBe(family);
    expect(findFormer(record2, tokenOf('a'), AT + 100)).toBeUndefined();
    expect(findFormer(record2, tokenOf('a', 1), AT)).toBeUndefined();
    expect(findFormer(record2, { ...tokenOf('a'), secret: 'x' }, AT)).toBeUndefined();
    expect(findFormer(record2, { ...tokenOf('a'), family: 'x' }, AT)).toBeUndefined();
    expect(findFormer(auth, token, AT)).toBeUndefined();
  });

  it('is found by its access token, until that or the family ends', () => {
    const presented = digest('access of a');
    expect(findFormerAccess(record2, presented, AT + 89)).toBe(family);
    expect(findFormerAccess(record2, presented, AT + 90)).toBeUndefined();
    const longer = { ...family, access: [{ digest: presented, expiresAt: AT + 900 }] };
    expect(findFormerAccess(withFormer(longer), presented, AT + 99)).toBe(longer);
    expect(findFormerAccess(withFormer(longer), presented, AT + 100)).toBeUndefined();
    expect(findFormerAccess(record2, digest('other'), AT)).toBeUndefined();
    expect(findFormerAccess(auth, presented, AT)).toBeUndefined();
  });

  it('shows the session with its own proof, and without families', () => {
    const shown = asFormer(
      { ...record, auth: { ...withFormer(family), acr: 'newer', amr: ['otp'] } },
      { ...family, amr: ['pwd'] },
    );
    expect(shown.auth).toEqual({
      ...auth,
      authenticatedAt: family.authenticatedAt,
      generation: 2,
      accessCount: 0,
      access: family.access,
      amr: ['pwd'],
    });
  });

  it('does not count after a token of the current family was presented', () => {
    const received = acknowledged({ ...withFormer(family), acknowledged: false });
    expect(received).toEqual({ ...auth, acknowledged: true });
    expect('former' in received).toBe(false);
  });
});
