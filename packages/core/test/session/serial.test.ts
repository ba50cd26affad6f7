import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { createInTurn } from '../../src/session/serial.js';

test('work on one session takes turns', async () => {
  const inTurn = createInTurn(systemClock);
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
    if (name === 'b') throw new Error('b fails, and c goes on');
  };
  const all = ['a', 'b', 'c'].map((name) => inTurn('sid', work(name)));
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test('a turn is not waited for longer than a moment: deadlines of calls to a silent store do not add up', async () => {
  const inTurn = createInTurn(systemClock);
  const silent = new Promise<never>(() => {});
  for (let n = 0; n < 50; n += 1) void inTurn('sid', () => silent);
  const began = performance.now();
  await inTurn('sid', async () => {});
  expect(performance.now() - began).toBeLessThan(1_000);
});
