import { describe, expect, test } from 'vitest';
import { checkHistory } from './checker.js';
import {
  BIRTH,
  excused,
  failover,
  find,
  historyOf,
  type Line,
  NO,
  PERHAPS,
  pair,
  refresh,
  TOLERANCE,
  verify,
  violation,
} from './hand-made.js';
import type { ToldEvent } from './history.js';

describe('a good history', () => {
  test('raises nothing', () => {
    const found = find([
      BIRTH,
      verify(20),
      // Three processes at once, and one that is late.
      refresh(40, 's1/r0', pair(1)),
      refresh(41, 's1/r0', pair(1)),
      refresh(42, 's1/r0', undefined, { outcome: 'unknown', to: 1_042 }),
      { kind: 'update', from: 60, to: 70, patch: { key: 'k', value: 1 }, seen: { k: 1 } },
      verify(71, { token: 's1/a1', seen: { k: 1 } }),
      refresh(80, 's1/r1', pair(2)),
      // Walked from generation 0 to the newest.
      refresh(95, 's1/r0', pair(2)),
      { kind: 'revoke', from: 2_000, to: 2_010 },
      // Under way together with the end: either answer is right.
      verify(2_005),
      verify(2_011, NO),
      { kind: 'revoke', from: 2_030, to: 2_040, outcome: 'failed' },
    ]);
    expect(found).toEqual([]);
  });
});

describe('a session that has ended', () => {
  test.each<[string, Line]>([
    ['revoke', { kind: 'revoke', from: 20, to: 30 }],
    ['a revoke that found nothing', { kind: 'revoke', from: 20, to: 30, outcome: 'failed' }],
    ['logout', { kind: 'logout', token: 's1/r0', from: 20, to: 30 }],
    ['revokeAll', { kind: 'revokeAll', from: 20, to: 30 }],
  ])('accepts nothing after %s', (_, end) => {
    const rule = violation('ended is ended');
    expect(find([BIRTH, PERHAPS, end, verify(31)])).toEqual([rule]);
    expect(find([BIRTH, PERHAPS, end, refresh(31, 's1/r0', pair(1))])).toEqual([rule]);
    const patch = { key: 'k', value: 1 };
    expect(find([BIRTH, PERHAPS, end, { kind: 'update', from: 31, to: 40, patch }])).toEqual([
      rule,
    ]);
    // Before it had ended, the call was free to come first.
    expect(find([BIRTH, PERHAPS, end, verify(29)])).toEqual([]);
    // A failover of other nodes, or one that handed over, is no excuse.
    expect(find([BIRTH, PERHAPS, end, verify(31)], failover(15, 40, false))).toEqual([rule]);
    expect(find([BIRTH, PERHAPS, end, verify(31, { shard: 1 })], failover(500, 600))).toEqual([
      rule,
    ]);
  });

  test.each<[string, Line]>([
    ['an unknown revoke', { kind: 'revoke', from: 20, to: 30, outcome: 'unknown' }],
    ['an unknown revokeAll', { kind: 'revokeAll', from: 20, to: 30, outcome: 'unknown' }],
    ['a logout that knew nothing', { kind: 'logout', from: 20, to: 30, outcome: 'failed' }],
    ['a revokeAll that spared it', { kind: 'revokeAll', from: 20, to: 30, spared: 's1' }],
    ['a revokeAll beside its birth', { kind: 'revokeAll', from: 5, to: 30 }],
  ])('may live on after %s', (_, end) => {
    expect(find([BIRTH, PERHAPS, end, verify(31)])).toEqual([]);
  });

  test('may be revived by a failover that lost the end, but not for long', () => {
    const end: Line = { kind: 'revoke', from: 220, to: 230 };
    const revived = excused('ended is ended');
    expect(find([BIRTH, end, verify(500)], failover(300, 400))).toEqual([revived]);
    expect(find([BIRTH, end, verify(1_390)], failover(300, 400))).toEqual([revived]);
    expect(find([BIRTH, end, verify(1_401)], failover(300, 400))).toEqual([
      violation('ended is ended'),
    ]);
    // The end was longer ago than any replica lags: it cannot have been lost.
    expect(find([BIRTH, end, verify(500)], failover(331, 400))).toEqual([
      violation('ended is ended'),
    ]);
    // A second failover may lose what had been said again after the first.
    const twice = [...(failover(300, 400).disturbances ?? [])];
    twice.push({ kind: 'crash', shard: 0, from: 1_300, to: 1_600, mayLose: true });
    expect(find([BIRTH, end, verify(2_500)], { disturbances: twice })).toEqual([revived]);
  });

  test('the finding of a revived session contains how long it was revived', () => {
    const lines: Line[] = [BIRTH, { kind: 'revoke', from: 220, to: 230 }, verify(500)];
    const [finding] = checkHistory(historyOf(lines, failover(300, 400)), TOLERANCE);
    expect(finding?.lasted).toBe(110);
    expect(finding?.evidence.map(({ kind }) => kind)).toEqual(['revoke', 'verify']);
  });
});

test('a token that was refused does not work again', () => {
  const lines: Line[] = [BIRTH, { kind: 'revoke', from: 15, to: 300, outcome: 'unknown' }];
  lines.push(verify(20, NO), verify(31));
  expect(find(lines)).toEqual([violation('refused stays refused')]);
  expect(find(lines, failover(25, 60))).toEqual([excused('refused stays refused')]);
});

describe('rotation', () => {
  test('has one successor a generation', () => {
    const lines = [BIRTH, refresh(20, 's1/r0', pair(1)), refresh(20, 's1/r0', pair(1, 'b'))];
    expect(find(lines)).toEqual([violation('one successor')]);
    expect(find(lines, failover(25, 60))).toEqual([excused('one successor')]);
    expect(find(lines, failover(400, 460))).toEqual([violation('one successor')]);
  });

  test('gives the same access token with it', () => {
    const other = { ...pair(1), access: 's1/a1b' };
    const lines = [BIRTH, refresh(20, 's1/r0', pair(1)), refresh(20, 's1/r0', other)];
    // Both are derived from what was presented: no lost write can tell them apart.
    expect(find(lines, failover(25, 60))).toEqual([violation('one successor')]);
  });

  test('does not accept two tokens of one generation, the lost one after the new one', () => {
    const lines = [
      BIRTH,
      refresh(20, 's1/r0', pair(1)),
      refresh(70, 's1/r0', pair(1, 'b')),
      refresh(2_000, 's1/r1', pair(2)),
    ];
    expect(find(lines, failover(25, 75))).toEqual([excused('one successor')]);
    // The second one was born when all was over, and had the last word.
    expect(find(lines, failover(25, 60))).toContain(violation('one successor'));
  });

  test('does not go back', () => {
    const lines = [
      BIRTH,
      refresh(20, 's1/r0', pair(1)),
      refresh(40, 's1/r1', pair(2)),
      refresh(60, 's1/r0', pair(1)),
    ];
    expect(find(lines)).toEqual([violation('never back')]);
    expect(find(lines, failover(55, 90))).toEqual([excused('never back')]);
  });
});

describe('an honest client', () => {
  test('is no thief, failover or not', () => {
    const reused = refresh(20, 's1/r0', undefined, { detail: 'reused' });
    const end: Line = { kind: 'revoke', from: 15, to: 40, outcome: 'unknown' };
    expect(find([BIRTH, end, reused], failover(10, 60))).toEqual([violation('no honest thief')]);
    const events: ToldEvent[] = [{ at: 20, worker: 0, name: 'reuse', session: 's1' }];
    expect(find([BIRTH], { events })).toEqual([violation('no honest thief')]);
  });

  test('an honest client is not signed out unless a call requested it', () => {
    const rule = 'nobody signed out';
    expect(find([BIRTH, verify(200, NO)])).toEqual([violation(rule)]);
    expect(find([BIRTH, { kind: 'update', from: 200, to: 210, ...NO }])).toEqual([violation(rule)]);
    const logout: Line = { kind: 'logout', token: 's1/r0', from: 200, to: 210, ...NO };
    expect(find([BIRTH, logout])).toEqual([violation(rule)]);
    // The sign-in was lost, or somebody was about to end the session.
    expect(find([BIRTH, verify(200, NO)], failover(50, 150))).toEqual([excused(rule)]);
    expect(find([BIRTH, verify(900, NO)], failover(400, 500))).toEqual([violation(rule)]);
    const end: Line = { kind: 'revokeAll', from: 205, to: 900, outcome: 'unknown' };
    expect(find([BIRTH, end, verify(200, NO)])).toEqual([]);
    // A revokeAll of before the sign-in has nothing to do with it.
    const early: Line = { kind: 'revokeAll', from: 0, to: 5 };
    const later = { ...BIRTH, from: 20, to: 30 };
    expect(find([early, later, verify(200, NO)])).toEqual([violation(rule)]);
  });
});
