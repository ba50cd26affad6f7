import { createFakeClock } from '@sess/testkit';
import { expect, test } from 'vitest';
import { createKeyedMutex } from '../../src/util/keyed-mutex.js';
import { settle as nextTurn } from '../session/arrange.js';
import { createTimerClock } from '../session/timer-clock.js';

const silent = new Promise<never>(() => {});

test.each([
  ['timers', createTimerClock],
  ['none', createFakeClock],
])('work on one session takes turns, on a clock with %s', async (_what, createClock) => {
  const inTurn = createKeyedMutex(createClock());
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
    if (name === 'b') throw new Error('b fails, and c goes on');
    return name;
  };
  const all = ['a', 'b', 'c'].map((name) => inTurn('sid', work(name)));
  expect(await Promise.allSettled(all)).toMatchObject([
    { value: 'a' },
    { reason: { message: 'b fails, and c goes on' } },
    { value: 'c' },
  ]);
  expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test('work on one session does not wait for work on another', async () => {
  const inTurn = createKeyedMutex(createFakeClock());
  void inTurn('one', () => silent);
  expect(await inTurn('other', async () => 'done')).toBe('done');
});

test('a finished turn leaves no timer behind, and the next caller runs without waiting', async () => {
  const clock = createTimerClock();
  const inTurn = createKeyedMutex(clock);
  await Promise.all(['a', 'b', 'c'].map((name) => inTurn('sid', async () => name)));
  expect(clock.running).toBe(0);
  let hasBegun = false;
  void inTurn('sid', async () => {
    hasBegun = true;
  });
  expect(hasBegun).toBe(true);
});

test('a turn is not waited for longer than a tenth of a second: deadlines of calls to a silent store do not add up', async () => {
  const clock = createTimerClock();
  const inTurn = createKeyedMutex(clock);
  let begun = 0;
  for (let n = 0; n < 50; n += 1) {
    void inTurn('sid', () => {
      begun += 1;
      return silent;
    });
  }
  clock.advance('99ms');
  await nextTurn();
  expect(begun).toBe(1);
  clock.advance('1ms');
  await nextTurn();
  expect(begun).toBe(50);
});

test('a caller that arrives during the last turn waits for that turn, after any number of earlier ones', async () => {
  const inTurn = createKeyedMutex(createFakeClock());
  let finish: () => void = () => {};
  const order: string[] = [];
  const first = inTurn('sid', async () => void order.push('first'));
  const second = inTurn('sid', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    order.push('second');
  });
  await first;
  await nextTurn();
  const third = inTurn('sid', async () => void order.push('third'));
  await nextTurn();
  finish();
  await Promise.all([second, third]);
  expect(order).toEqual(['first', 'second', 'third']);
});
