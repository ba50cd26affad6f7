import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/util/clock.js';

describe('systemClock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('systemClock returns the time of the machine in milliseconds since 1970', () => {
    const before = Date.now();
    const told = systemClock.now();
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(Date.now());
  });

  it('follows fake timers that an application’s test installs after it was loaded', () => {
    vi.useFakeTimers({ now: 1_000 });
    vi.setSystemTime(5_000);
    expect(systemClock.now()).toBe(5_000);
  });
});
