import { describe, expect, it } from 'vitest';
import { measure } from './measure.mjs';
import { report } from './report.mjs';
import { compare, quartilesOf, THRESHOLD } from './statistics.mjs';
import { FIRST, KINDS, LAST, makeLeak, makeSubjects, RIGHT } from './subjects.mjs';

/** Returns numbers around a middle, the same in every run. */
function around(middle, count, seed = 1) {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return middle + (((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296 - 0.5) * 200;
  });
}

describe('compare', () => {
  it('finds a difference of one percent and ignores noise', () => {
    expect(Math.abs(compare(around(1_000, 20_000), around(1_010, 20_000, 2)))).toBeGreaterThan(
      THRESHOLD,
    );
    expect(Math.abs(compare(around(1_000, 20_000), around(1_000, 20_000, 2)))).toBeLessThan(
      THRESHOLD,
    );
  });

  it('ignores interruptions of one side', () => {
    const disturbed = around(1_000, 20_000).map((time, n) => (n % 50 === 0 ? time * 100 : time));
    expect(Math.abs(compare(disturbed, around(1_000, 20_000, 2)))).toBeLessThan(THRESHOLD);
  });

  it('ignores a machine that becomes slower during the run', () => {
    const slower = (times) => times.map((time, n) => time * (1 + n / 10_000));
    const [one, other] = [slower(around(1_000, 20_000)), slower(around(1_000, 20_000, 2))];
    expect(Math.abs(compare(one, other))).toBeLessThan(THRESHOLD);
    expect(Math.abs(compare(one, slower(around(1_010, 20_000, 2))))).toBeGreaterThan(THRESHOLD);
  });

  it('quartilesOf returns the quartiles', () => {
    expect(quartilesOf([5, 1, 4, 2, 3])).toEqual([2, 3, 4]);
  });

  it('report states that a secret leaks', () => {
    const times = {
      ...Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, around(900, 5_000)])),
      [LAST]: around(1_000, 5_000),
    };
    const { lines, leaks } = report('a subject', times);
    expect(leaks).toBe(true);
    expect(lines.join('\n')).toContain(`**${FIRST}** and **${LAST}** differ (t = `);
  });
});

describe('the timed tokens', () => {
  it('every kind is rejected with its reason, for each kind of token', async () => {
    for (const { call, tokens, kinds } of await makeSubjects()) {
      for (const [kind, make] of Object.entries(kinds)) {
        const reasons = new Set();
        for (const token of tokens.slice(0, 50)) reasons.add((await call(make(token))).reason);
        const expected = { [RIGHT]: undefined, malformed: 'malformed' };
        expect([...reasons]).toEqual([kind in expected ? expected[kind] : 'unknown']);
      }
    }
  });

  it('the known leak is found', async () => {
    const leak = makeLeak();
    expect(report(leak.name, await measure(leak, 3_000)).leaks).toBe(true);
  });
});
