import { describe, expect, it } from 'vitest';
import { decidePresentation, type PresentationAttempt } from '../../src/session/presentation.js';
import { AT, POLICY, random, type State, signIn, withAuth, withToken } from './decisions.js';

type Given = Partial<Pick<PresentationAttempt, 'canRenew' | 'policy'>>;

const decide = ({ record, token }: State, at: number, given: Given = {}) =>
  decidePresentation({ record, token, at, policy: POLICY, random, canRenew: true, ...given });

/** The state after a renewal. */
function renew(state: State, at: number, given?: Given): State {
  const decision = decide(state, at, given);
  if (decision.kind !== 'answer') throw new Error(`the cookie was not renewed: ${decision.kind}`);
  const { auth, generation, refreshSecret: secret } = decision;
  return {
    record: { ...state.record, auth },
    token: { ...state.token, generation, secret },
  };
}

const LATEST = { kind: 'accept', isLatest: true };
const EARLIER = { kind: 'accept', isLatest: false };
const UNKNOWN = { kind: 'reject', reason: 'unknown' };
const REUSE = { kind: 'end', cause: 'reuse' };

describe('the newest cookie', () => {
  it('the newest cookie is accepted until renewAfter, and then renewed without an access token', () => {
    const state = signIn();
    expect(decide(state, AT + 599_999)).toEqual(LATEST);
    expect(decide(state, AT + 600_000)).toMatchObject({
      kind: 'answer',
      generation: 1,
      replayed: false,
      accessSecret: '',
      auth: { lastUsedAt: AT + 600_000, accessCount: -1, acknowledged: false },
    });
    expect(decide(state, AT + 600_000, { canRenew: false })).toEqual(LATEST);
  });

  it('the newest cookie is refused with another secret, also if it is due', () => {
    const state = withToken(signIn(), { secret: signIn().token.secret });
    expect(decide(state, AT)).toEqual(UNKNOWN);
    expect(decide(state, AT + 600_000)).toEqual(UNKNOWN);
  });

  it('a cookie of another family is unknown, at any generation and age', () => {
    const state = withToken(signIn(), { family: signIn().token.family });
    expect(decide(state, AT)).toEqual(UNKNOWN);
    expect(decide(state, AT + 3_600_000)).toEqual(UNKNOWN);
    expect(decide(withToken(state, { generation: 1 }), AT)).toEqual(UNKNOWN);
  });

  it('a cookie is refused from the idle deadline on', () => {
    const state = signIn();
    expect(decide(state, AT + 3_599_999, { canRenew: false })).toEqual(LATEST);
    const expired = { kind: 'reject', reason: 'expired' };
    expect(decide(state, AT + 3_600_000)).toEqual(expired);
    expect(decide(withToken(state, { generation: 1 }), AT + 3_600_000)).toEqual(expired);
  });

  it('a cookie of a generation that the store has lost ends the session', () => {
    const state = withToken(signIn(), { generation: 1 });
    expect(decide(state, AT)).toEqual({ kind: 'end', cause: 'lost-writes' });
  });
});

describe('a spent cookie', () => {
  const SPENT = AT + 600_000;

  /** The state after a renewal, with the cookie before it. */
  function spent(acknowledged: boolean) {
    const first = signIn();
    const second = renew(first, SPENT);
    return { second, state: { ...withAuth(second, { acknowledged }), token: first.token } };
  }

  it('a spent cookie gets the newest one within the grace', () => {
    const { second, state } = spent(true);
    expect(decide(state, SPENT + 9_999)).toMatchObject({
      kind: 'answer',
      generation: 1,
      refreshSecret: second.token.secret,
      accessSecret: '',
      replayed: true,
      auth: { replayed: true, steps: second.record.auth.steps },
    });
    expect(decide(state, SPENT + 9_999, { canRenew: false })).toEqual(EARLIER);
  });

  it('a spent cookie is accepted within overlap, and is reuse from then on', () => {
    const { state } = spent(true);
    for (const canRenew of [true, false]) {
      expect(decide(state, SPENT + 10_000, { canRenew })).toEqual(EARLIER);
      expect(decide(state, SPENT + 59_999, { canRenew })).toEqual(EARLIER);
      expect(decide(state, SPENT + 60_000, { canRenew })).toEqual(REUSE);
    }
  });

  it('a spent cookie gets the newest one at any time while that was never presented, and its grace starts again', () => {
    const { second, state } = spent(false);
    const at = SPENT + 1_000_000;
    expect(decide(state, at)).toMatchObject({
      kind: 'answer',
      refreshSecret: second.token.secret,
      auth: { replayed: true, steps: [{ spentAt: at }] },
    });
    expect(decide(state, at, { canRenew: false })).toEqual(EARLIER);
  });

  it('a spent cookie with another secret is unknown', () => {
    const { state } = spent(true);
    const { secret } = signIn().token;
    expect(decide(withToken(state, { secret }), SPENT)).toEqual(UNKNOWN);
    expect(decide(withToken(state, { secret }), SPENT + 60_000)).toEqual(UNKNOWN);
  });

  it('a spent cookie whose step is no longer remembered is reuse', () => {
    const { second, state } = spent(true);
    const third = renew(second, SPENT + 600_000);
    const forgotten = withAuth(third, { steps: third.record.auth.steps.slice(-1) });
    expect(decide({ ...forgotten, token: state.token }, SPENT + 600_000)).toEqual(REUSE);
  });
});

describe('a cookie that is due', () => {
  const soon = { policy: { ...POLICY, renewAfter: 1_000, overlap: 5_000 } };

  it('a cookie that is due waits while an earlier one has been replayed, for twice the grace', () => {
    const first = signIn();
    const second = renew(first, AT + 1_000, soon);
    const replayed = withAuth(second, { replayed: true });
    expect(decide(replayed, AT + 20_999, soon)).toEqual(LATEST);
    expect(decide(replayed, AT + 21_000, soon)).toMatchObject({ kind: 'answer', generation: 2 });
    expect(decide(second, AT + 2_000, soon)).toMatchObject({ kind: 'answer', generation: 2 });
  });

  it.each([
    ['the grace', { ...POLICY, renewAfter: 1_000, grace: 10_000, overlap: 5_000 }],
    ['overlap', { ...POLICY, renewAfter: 1_000, grace: 1_000, overlap: 10_000 }],
  ])('a cookie that is due waits while eight steps are within %s', (_longer, policy) => {
    let state = signIn();
    for (let turn = 1; turn <= 8; turn += 1) state = renew(state, AT + turn * 1_000, { policy });
    // The first of the eight was spent at AT + 1000.
    expect(decide(state, AT + 10_999, { policy })).toEqual(LATEST);
    expect(decide(state, AT + 11_000, { policy })).toMatchObject({ kind: 'answer' });
  });
});
