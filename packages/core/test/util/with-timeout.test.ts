import { describe, expect, it } from 'vitest';
import { systemClock, withTimeout } from '../../src/util/clock.js';
import { createTimerClock } from '../session/timer-clock.js';

const createError = () => new Error('too late');

describe('withTimeout', () => {
  it('settles as the work does, and stops its timer', async () => {
    const clock = createTimerClock();
    const timeout = { clock, milliseconds: 100, createError };
    expect(await withTimeout(Promise.resolve(7), timeout)).toBe(7);
    await expect(withTimeout(Promise.reject(new Error('down')), timeout)).rejects.toThrow('down');
    expect(clock.running).toBe(0);
  });

  it('rejects after its time, and not before', async () => {
    const clock = createTimerClock();
    let outcome = 'pending';
    const call = withTimeout(new Promise(() => {}), { clock, milliseconds: 100, createError });
    call.catch((error: Error) => {
      outcome = error.message;
    });
    clock.advance('99ms');
    await Promise.resolve();
    expect(outcome).toBe('pending');
    clock.advance('1ms');
    await expect(call).rejects.toThrow('too late');
  });

  it('has no timeout if the clock has no timers', async () => {
    const timeout = { clock: {}, milliseconds: 0, createError };
    expect(await withTimeout(Promise.resolve(7), timeout)).toBe(7);
  });
});

describe('a background timer of the system clock', () => {
  it('fires like any other', async () => {
    await new Promise<void>((resolve) => {
      systemClock.startTimer?.(resolve, 1);
      systemClock.startTimer?.(() => {}, 60_000, { background: true });
    });
  });
});
