import { describe, expect, it } from 'vitest';
import { decidePresentation } from '../../src/session/presentation.js';
import {
  decideRefresh,
  inspectRefreshToken,
  type RefreshAttempt,
  type RotationAnswer,
} from '../../src/session/rotation.js';
import { AT, POLICY, random, type State, signIn, withAuth, withToken } from './decisions.js';

type Given = Partial<Pick<RefreshAttempt, 'policy' | 'renewAfter' | 'isAccessDead'>>;

/** The token is the cookie of a request. */
const COOKIE = { renewAfter: POLICY.renewAfter };
const REUSE = { kind: 'end', cause: 'reuse' };
const EXPIRED = { kind: 'reject', reason: 'expired' };

const decide = ({ record, token }: State, at: number, given: Given = {}) =>
  decideRefresh({ record, token, at, policy: POLICY, random, ...given });

function answer(state: State, at: number, given?: Given): RotationAnswer {
  const decision = decide(state, at, given);
  if (decision.kind !== 'answer') throw new Error(`the token was refused: ${decision.kind}`);
  return decision;
}

/** The state after an answer, with its token. */
function after({ record, token }: State, decision: RotationAnswer): State {
  const { auth, generation, refreshSecret: secret } = decision;
  return { record: { ...record, auth }, token: { ...token, generation, secret } };
}

const rotated = (state: State, at: number, given?: Given) => after(state, answer(state, at, given));

describe('a refresh with the newest token', () => {
  it('rotates, and cuts the life of the access tokens before', () => {
    const state = signIn();
    const [first] = state.record.auth.access;
    const at = AT + 1_000;
    expect(answer(state, at)).toMatchObject({
      generation: 1,
      replayed: false,
      auth: {
        expiresAt: at + 3_600_000,
        absoluteExpiresAt: AT + 7_200_000,
        authenticatedAt: AT,
        lastUsedAt: at,
        generation: 1,
        accessCount: 0,
        acknowledged: false,
        replayed: false,
        steps: [{ spentAt: at }],
        access: [{ ...first, expiresAt: at + 60_000 }, { expiresAt: at + 900_000 }],
      },
    });
  });

  it('drops access tokens that have run out, and never lets one outlive the session', () => {
    const at = AT + 900_000;
    expect(answer(signIn(), at).auth.access).toHaveLength(1);
    const late = AT + 3_599_000;
    const second = rotated(signIn(), late);
    const third = answer(rotated(second, AT + 7_100_000 - 1), AT + 7_150_000);
    expect(third.auth.access.at(-1)?.expiresAt).toBe(AT + 7_200_000);
  });

  it('keeps eight access tokens at most', () => {
    let state = signIn();
    for (let turn = 1; turn <= 8; turn += 1)
      state = rotated(state, AT + turn * 11_000, { policy: { ...POLICY, accessOverlap: 900_000 } });
    expect(state.record.auth.access).toHaveLength(8);
    expect(state.record.auth.access[0]?.digest).not.toBe(signIn().record.auth.access[0]?.digest);
  });

  it('remembers steps for the longer of grace and overlap', () => {
    const second = rotated(signIn(), AT + 1_000);
    expect(rotated(second, AT + 60_999).record.auth.steps).toHaveLength(2);
    expect(rotated(second, AT + 61_000).record.auth.steps).toHaveLength(1);
  });

  it('is expired from the idle deadline on', () => {
    expect(decide(signIn(), AT + 3_598_000)).toMatchObject({ kind: 'answer' });
    expect(decide(signIn(), AT + 3_600_000)).toEqual(EXPIRED);
  });

  it('is expired if less than a second of the session is left, or less than a tenth of a shorter one', () => {
    const state = withAuth(signIn(), { absoluteExpiresAt: AT + 60_000 });
    expect(decide(state, AT + 59_001)).toEqual(EXPIRED);
    expect(decide(state, AT + 59_000)).toMatchObject({ kind: 'answer' });
    const short = { policy: { ...POLICY, idleTtl: 5_000 } };
    expect(decide(state, AT + 59_500, short)).toMatchObject({ kind: 'answer' });
    expect(decide(state, AT + 59_501, short)).toEqual(EXPIRED);
  });
});

describe('a token that is two generations old', () => {
  it('is reuse after the grace, although the newest token was never presented', () => {
    const first = signIn();
    const third = rotated(rotated(first, AT + 1_000), AT + 12_000);
    expect(decide({ ...third, token: first.token }, AT + 10_999)).toMatchObject({ kind: 'answer' });
    expect(decide({ ...third, token: first.token }, AT + 11_000)).toEqual(REUSE);
  });
});

describe('inspectRefreshToken', () => {
  const inspect = ({ record, token }: State, at: number) =>
    inspectRefreshToken({ record, token, at, policy: POLICY });

  it('inspectRefreshToken finds genuine, spent and foreign tokens', () => {
    const first = signIn();
    const second = withAuth(rotated(first, AT + 1_000), { acknowledged: true });
    const spent = { ...second, token: first.token };
    expect(inspect(first, AT)).toBe('genuine');
    expect(inspect(second, AT + 11_000)).toBe('genuine');
    expect(inspect(spent, AT + 10_999)).toBe('genuine');
    expect(inspect(spent, AT + 11_000)).toBe('spent');
    const { family, secret } = signIn().token;
    expect(inspect(withToken(second, { secret }), AT + 1_000)).toBe('foreign');
    expect(inspect(withToken(spent, { secret }), AT + 1_000)).toBe('foreign');
    expect(inspect(withToken(second, { family }), AT + 1_000)).toBe('foreign');
  });

  it('inspectRefreshToken distinguishes a generation that is no longer remembered from one that is not known', () => {
    const first = signIn();
    const third = rotated(rotated(first, AT + 1_000), AT + 2_000);
    expect(inspect(withToken(third, { generation: 3 }), AT + 2_000)).toBe('newer');
    const forgotten = withAuth(third, { steps: third.record.auth.steps.slice(-1) });
    expect(inspect({ ...forgotten, token: first.token }, AT + 2_000)).toBe('spent');
  });
});

describe('a refresh with a cookie', () => {
  it('returns the same tokens until half of the life of the access token is over', () => {
    const state = signIn();
    const { auth } = state.record;
    const early = answer(state, AT + 449_999, COOKIE);
    expect(early).toMatchObject({
      generation: 0,
      refreshSecret: state.token.secret,
      replayed: false,
    });
    expect(early.auth).toBe(auth);
    const half = answer(state, AT + 450_000, COOKIE);
    expect(half).toMatchObject({ generation: 0, refreshSecret: state.token.secret });
    expect(half.accessSecret).not.toBe(early.accessSecret);
    expect(half.auth).toEqual({
      ...auth,
      accessCount: 1,
      access: [...auth.access, { digest: expect.any(String), expiresAt: AT + 450_000 + 900_000 }],
    });
  });

  it('rotates at renewAfter', () => {
    expect(answer(signIn(), AT + 599_999, COOKIE).generation).toBe(0);
    expect(answer(signIn(), AT + 600_000, COOKIE).generation).toBe(1);
  });

  it('gives an access token to a spent cookie within overlap, and leaves the cookie as it is', () => {
    const first = signIn();
    const second = rotated(first, AT + 600_000, COOKIE);
    const spent = { ...withAuth(second, { acknowledged: true }), token: first.token };
    for (const passed of [10_000, 59_999]) {
      expect(answer(spent, AT + 600_000 + passed, COOKIE)).toMatchObject({
        generation: 0,
        refreshSecret: first.token.secret,
        replayed: true,
        auth: { acknowledged: true, replayed: false },
      });
    }
    expect(decide(spent, AT + 660_000, COOKIE)).toEqual(REUSE);
    expect(decide(spent, AT + 610_000)).toEqual(REUSE);
    expect(answer(spent, AT + 609_999).refreshSecret).toBe(second.token.secret);
  });

  it('gets an access token of a generation that was made without one', () => {
    const first = signIn();
    const { record, token } = first;
    const at = AT + 600_000;
    const renewed = decidePresentation({
      record,
      token,
      at,
      policy: POLICY,
      random,
      canRenew: true,
    }) as RotationAnswer;
    const second = after(first, renewed);
    const refreshed = answer(second, at, COOKIE);
    expect(refreshed).toMatchObject({
      generation: 1,
      refreshSecret: second.token.secret,
      auth: { accessCount: 0, acknowledged: true },
    });
    expect(refreshed.auth.access.at(-1)?.expiresAt).toBe(at + 900_000);
    expect(refreshed.accessSecret).not.toBe('');
  });

  it('waits while eight steps are within overlap, which other tokens need not', () => {
    const soon = { renewAfter: 1_000, policy: { ...POLICY, grace: 1_000 } };
    let state = signIn();
    for (let turn = 1; turn <= 8; turn += 1) state = rotated(state, AT + turn * 1_000, soon);
    expect(answer(state, AT + 60_999, soon).generation).toBe(8);
    expect(answer(state, AT + 61_000, soon).generation).toBe(9);
    const { policy } = soon;
    expect(answer(state, AT + 60_999, { policy }).generation).toBe(9);
  });
});

describe('a replay of the newest pair', () => {
  /** A state whose newest token has to stay: an earlier one was replayed just now. */
  function held() {
    const second = rotated(signIn(), AT + 1_000);
    return withAuth(second, { replayed: true });
  }

  it('notes that the newest token has arrived, once', () => {
    const unseen = held();
    const noted = answer(unseen, AT + 2_000);
    expect(noted.auth).toEqual({ ...unseen.record.auth, acknowledged: true });
    expect(noted.generation).toBe(1);
    const state = withAuth(held(), { acknowledged: true });
    expect(answer(state, AT + 2_000).auth).toBe(state.record.auth);
  });

  it('forgets the families before a re-authentication with it', () => {
    const former = [
      {
        expiresAt: AT + 60_000,
        authenticatedAt: AT,
        family: 'family',
        refresh: 'refresh',
        generation: 0,
        salt: 'salt',
        accessCount: 0,
        access: [],
      },
    ];
    const unseen = withAuth(held(), { former, acknowledged: false });
    expect(answer(unseen, AT + 2_000).auth).not.toHaveProperty('former');
  });

  it('has an access token of its generation, although one of an earlier one lives', () => {
    const state = withAuth(held(), {
      acknowledged: true,
      accessCount: -1,
      access: [{ digest: 'of an earlier generation', expiresAt: AT + 900_000 }],
    });
    const decision = answer(state, AT + 2_000);
    expect(decision).toMatchObject({ isRepeated: false, auth: { accessCount: 0 } });
    expect(decision.auth.access).toHaveLength(2);
  });

  it('has another access token only if the newest is dead', () => {
    const state = withAuth(held(), { acknowledged: true });
    const same = answer(state, AT + 2_000);
    const other = answer(state, AT + 2_000, { isAccessDead: true });
    expect(other.accessSecret).not.toBe(same.accessSecret);
    expect(other.auth.accessCount).toBe(1);
    expect(other.auth.access).toHaveLength(3);
  });

  it('a held token is returned for twice the grace, or for half of a shorter idle time', () => {
    expect(answer(held(), AT + 20_999).generation).toBe(1);
    expect(answer(held(), AT + 21_000).generation).toBe(2);
    const policy = { ...POLICY, idleTtl: 20_000 };
    expect(answer(held(), AT + 10_999, { policy }).generation).toBe(1);
    expect(answer(held(), AT + 11_000, { policy }).generation).toBe(2);
  });

  it('marks an earlier token that was sent within the grace, and starts the grace of a later one again', () => {
    const first = signIn();
    const second = rotated(first, AT + 1_000);
    const early = answer({ ...second, token: first.token }, AT + 10_999);
    expect(early.auth).toMatchObject({ replayed: true, steps: [{ spentAt: AT + 1_000 }] });
    const late = answer({ ...second, token: first.token }, AT + 11_000);
    expect(late.auth).toMatchObject({ replayed: true, steps: [{ spentAt: AT + 11_000 }] });
    expect([early.replayed, late.replayed]).toEqual([true, true]);
  });

  it('is refused with another secret', () => {
    const { secret } = signIn().token;
    const unknown = { kind: 'reject', reason: 'unknown' };
    expect(decide(withToken(held(), { secret }), AT + 2_000)).toEqual(unknown);
    expect(decide(withToken(held(), { secret, generation: 0 }), AT + 2_000)).toEqual(unknown);
  });
});
