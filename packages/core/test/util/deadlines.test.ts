import { describe, expect, it } from 'vitest';
import { createDeadlines } from '../../src/util/deadlines.js';
import { createTimerClock } from '../session/timer-clock.js';

/** A clock that counts the timers that were started. */
function arrange(elapsed?: () => number) {
  const clock = createTimerClock();
  const delays: number[] = [];
  const counting = {
    now: clock.now,
    ...(elapsed === undefined ? {} : { elapsed }),
    startTimer(callback: () => void, milliseconds: number) {
      delays.push(milliseconds);
      return clock.startTimer(callback, milliseconds);
    },
  };
  const expired: string[] = [];
  const deadlines = createDeadlines(counting, 1_000);
  const start = (name: string) => deadlines.start(() => void expired.push(name));
  return { clock, delays, expired, start, stop: deadlines.stop };
}

describe('createDeadlines', () => {
  it('lets each call expire after its time and not before, with one timer at a time', () => {
    const { clock, delays, expired, start } = arrange();
    start('first');
    clock.advance('400ms');
    start('second');
    clock.advance('599ms');
    expect(expired).toEqual([]);
    clock.advance('1ms');
    expect(expired).toEqual(['first']);
    clock.advance('399ms');
    expect(expired).toEqual(['first']);
    clock.advance('1ms');
    expect(expired).toEqual(['first', 'second']);
    expect(delays).toEqual([1_000, 400]);
    expect(clock.running).toBe(0);
  });

  it('starts one timer for a thousand calls in a row, which are all stopped', () => {
    const { clock, delays, expired, start, stop } = arrange();
    for (let n = 0; n < 1_000; n += 1) stop(start(`call ${n}`));
    expect(delays).toEqual([1_000]);
    clock.advance('1s');
    expect(expired).toEqual([]);
    expect(clock.running).toBe(0);
  });

  it('serves a call that begins when the timer of earlier ones has passed', () => {
    const { clock, expired, start, stop } = arrange();
    stop(start('first'));
    clock.advance('5s');
    start('second');
    clock.advance('1s');
    expect(expired).toEqual(['second']);
  });

  it('does not wait longer for a call because the clock was set back', () => {
    let elapsed = 10_000;
    const { clock, delays, expired, start } = arrange(() => elapsed);
    start('first');
    start('second');
    elapsed = 0;
    clock.advance('1s');
    expect(expired).toEqual(['first']);
    expect(delays).toEqual([1_000, 1_000]);
    clock.advance('1s');
    expect(expired).toEqual(['first', 'second']);
  });

  it('gives calls no deadline on a clock without timers', () => {
    const deadlines = createDeadlines({ now: () => 0 }, 1_000);
    expect(() => deadlines.stop(deadlines.start(() => expect.unreachable()))).not.toThrow();
  });
});
