import { expect, test } from 'vitest';
import { GRACEFUL } from './disturbances.js';
import { judge } from './nemesis.js';

const deed = (kind: string, from: number, to: number, shard = 0) => ({ kind, shard, from, to });

test('only a promotion makes a disturbance one that may lose writes', () => {
  const deeds = [deed('short silence', 100, 200), deed('long silence', 300, 400)];
  const judged = judge(deeds, [{ shard: 0, at: 350 }]);
  expect(judged.map(({ mayLose }) => mayLose)).toEqual([false, true]);
});

test('a graceful failover has nothing to lose, unless another one comes into it', () => {
  const deeds = [deed(GRACEFUL, 100, 200)];
  expect(judge(deeds, [{ shard: 0, at: 150 }])).toEqual([{ ...deeds[0], mayLose: false }]);
  const twice = [150, 180].map((at) => ({ shard: 0, at }));
  expect(judge(deeds, twice)).toEqual([{ ...deeds[0], mayLose: true }]);
});

test('an unrequested promotion is a separate disturbance', () => {
  const judged = judge([deed('short silence', 9_000, 9_500, 1)], [{ shard: 0, at: 9_200 }]);
  expect(judged.map(({ kind, shard, mayLose }) => [kind, shard, mayLose])).toEqual([
    ['unasked failover', 0, true],
    ['short silence', 1, false],
  ]);
});
