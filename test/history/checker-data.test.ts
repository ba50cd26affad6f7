import { describe, expect, test } from 'vitest';
import { BIRTH, excused, failover, find, type Line, verify, violation } from './hand-made.js';
import type { Operation } from './history.js';

describe('a confirmed patch', () => {
  const set = (from: number, value: number, more: Partial<Operation> = {}): Line => ({
    kind: 'update',
    from,
    to: from + 10,
    patch: { key: 'k', value },
    ...more,
  });
  const rule = 'no patch lost';

  test('a confirmed patch is visible to every later read', () => {
    expect(find([BIRTH, set(20, 1), verify(40, { seen: { k: 1 } })])).toEqual([]);
    expect(find([BIRTH, set(20, 1), verify(40, { seen: {} })])).toEqual([violation(rule)]);
    expect(find([BIRTH, set(20, 1), verify(25, { seen: {} })])).toEqual([]);
    const undone = [BIRTH, set(20, 1), set(40, 2), verify(60, { seen: { k: 1 } })];
    expect(find(undone)).toEqual([violation(rule)]);
    expect(find(undone, failover(45, 100))).toEqual([excused(rule)]);
    expect(find(undone, failover(500, 600))).toEqual([violation(rule)]);
  });

  test('may be followed by one that is unknown', () => {
    const unknown = set(40, 2, { outcome: 'unknown' });
    expect(find([BIRTH, set(20, 1), unknown, verify(60, { seen: { k: 2 } })])).toEqual([]);
    expect(find([BIRTH, set(20, 1), unknown, verify(60, { seen: { k: 1 } })])).toEqual([]);
    // Given up on before the other began: it must not happen later.
    const late = [BIRTH, unknown, set(60, 3), verify(80, { seen: { k: 2 } })];
    expect(find(late)).toEqual([violation(rule)]);
  });

  test('a patch that is read was requested by a client', () => {
    expect(find([BIRTH, verify(40, { seen: { k: 9 } })])).toEqual([violation(rule)]);
  });
});

test('every call ends in time, and as promised', () => {
  const rule = violation('answered in time');
  expect(find([BIRTH, verify(20, { to: 1_519, outcome: 'unknown' })])).toEqual([]);
  expect(find([BIRTH, verify(20, { to: 1_521, outcome: 'unknown' })])).toEqual([rule]);
  expect(find([BIRTH, verify(20, { to: 3_521, starved: 2_001, outcome: 'unknown' })])).toEqual([]);
  expect(find([BIRTH, verify(20, { outcome: 'unknown', isUnexpected: true })])).toEqual([rule]);
  expect(find([BIRTH], { unanswered: ['verify of user'] })).toEqual([rule]);
});
