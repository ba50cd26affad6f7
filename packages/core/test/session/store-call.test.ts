import { type Clock, StoreUnavailableError, UsageError } from '@sess/core';
import { createFakeClock, createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createEvents } from '../../src/session/events.js';
import { createCallStore } from '../../src/session/store-call.js';
import { settle as nextTurn } from './arrange.js';
import { createTimerClock } from './timer-clock.js';

function arrange(clock: Clock) {
  const logger = createMemoryLogger();
  const events = createEvents(logger);
  const errors: unknown[] = [];
  events.on('store-error', (event) => void errors.push(event));
  const calling = createCallStore({ name: 'cupboard', timeout: 1_000, clock, events, logger });
  return { calling, events, errors, logger };
}

describe('a call', () => {
  it('a call returns the result of the store, and is not given up afterwards', async () => {
    const clock = createTimerClock();
    const { calling, errors } = arrange(clock);
    expect(await calling('load', async () => 7)).toBe(7);
    clock.advance('2s');
    expect(clock.running).toBe(0);
    expect(errors).toEqual([]);
  });

  it('a call that fails is reported with its name and cause, once', async () => {
    const clock = createTimerClock();
    const { calling, errors, logger } = arrange(clock);
    const cause = new Error('down');
    const call = calling('load', () => Promise.reject(cause));
    await expect(call).rejects.toMatchObject({
      code: 'store_unavailable',
      message: "The cupboard failed at 'load'. See the cause.",
      cause,
    });
    clock.advance('2s');
    expect(clock.running).toBe(0);
    expect(errors).toEqual([{ operation: 'load', error: cause }]);
    expect(logger.lines).toEqual([
      {
        level: 'error',
        fields: { operation: 'load', error: cause },
        message: 'the cupboard failed',
      },
    ]);
  });

  it('that returns after its timeout is no call that succeeded, too', async () => {
    const clock = createTimerClock();
    const { calling, events } = arrange(clock);
    const timings: unknown[] = [];
    events.on('store-call', ({ ok }) => void timings.push(ok));
    let respond = (_result: number): void => {};
    const call = calling(
      'load',
      () =>
        new Promise<number>((resolve) => {
          respond = resolve;
        }),
    );
    const refused = expect(call).rejects.toThrow('within 1000 ms');
    clock.advance('1s');
    await refused;
    respond(7);
    await nextTurn();
    expect(timings).toEqual([false]);
  });

  it('that throws before there is anything to wait for fails like any other', async () => {
    const { calling } = arrange(createTimerClock());
    const call = calling('load', () => {
      throw new Error('at once');
    });
    await expect(call).rejects.toThrow(StoreUnavailableError);
  });

  it('that stays silent is given up after its timeout, and not before', async () => {
    const clock = createTimerClock();
    const { calling, errors } = arrange(clock);
    const call = calling('load', () => new Promise(() => {}));
    clock.advance('999ms');
    await nextTurn();
    expect(errors).toEqual([]);
    clock.advance('1ms');
    await expect(call).rejects.toMatchObject({
      code: 'store_unavailable',
      message: "The cupboard did not respond to 'load' within 1000 ms.",
    });
    expect(errors).toHaveLength(1);
    expect(clock.running).toBe(0);
  });

  it.each(['answers', 'fails'])('that %s after that changes nothing any more', async (end) => {
    const clock = createTimerClock();
    const { calling, errors } = arrange(clock);
    let finish: () => void = () => {};
    const late = new Promise<void>((resolve, reject) => {
      finish = end === 'answers' ? resolve : () => reject(new Error('late'));
    });
    const call = calling('load', () => late);
    clock.advance('2s');
    finish();
    await expect(call).rejects.toThrow("did not respond to 'load'");
    await nextTurn();
    expect(errors).toHaveLength(1);
  });

  it('is waited for by a clock without timers', async () => {
    const { calling } = arrange(createFakeClock());
    expect(await calling('load', async () => 7)).toBe(7);
    await expect(calling('load', () => Promise.reject(new Error('down')))).rejects.toThrow(
      StoreUnavailableError,
    );
  });

  it('hands on what is a fault of the store by name already, as it is', async () => {
    const { calling } = arrange(createFakeClock());
    const fault = new StoreUnavailableError('no replica answered');
    const call = calling('insert', () => Promise.reject(fault));
    expect(await call.catch((error: unknown) => error)).toBe(fault);
  });

  it('hands on what is wrong with the set-up when it asks whether all is ready, and only then', async () => {
    const { calling } = arrange(createFakeClock());
    const misuse = new UsageError('invalid_option', 'evicts keys');
    const fail = () => Promise.reject(misuse);
    expect(await calling('ready', fail).catch((error: unknown) => error)).toBe(misuse);
    await expect(calling('load', fail)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: misuse,
    });
    await expect(calling('ready', () => Promise.reject(new Error('down')))).rejects.toThrow(
      StoreUnavailableError,
    );
  });
});

describe('how long a call took', () => {
  it('the duration of a call is reported at full clock resolution, with the outcome', async () => {
    let elapsed = 5.25;
    const { calling, events } = arrange({ now: () => 0, elapsed: () => elapsed });
    const calls: unknown[] = [];
    events.on('store-call', (event) => void calls.push(event));
    const work = async () => {
      elapsed += 2.5;
    };
    await calling('load', work);
    await calling('list', () => work().then(() => Promise.reject(new Error('down')))).catch(
      () => {},
    );
    expect(calls).toEqual([
      { operation: 'load', duration: 2.5, ok: true },
      { operation: 'list', duration: 2.5, ok: false },
    ]);
  });

  it('the duration of a call is never negative, even if the clock is set back during it', async () => {
    const clock = createFakeClock();
    const { calling, events } = arrange(clock);
    const durations: number[] = [];
    events.on('store-call', ({ duration }) => void durations.push(duration));
    await calling('load', async () => clock.advance('3ms'));
    await calling('load', async () => clock.set(0));
    expect(durations).toEqual([3, 0]);
  });

  it('the duration is not reported for a call that began before there was a listener', async () => {
    const { calling, events } = arrange(createFakeClock());
    const calls: unknown[] = [];
    await calling('load', async () => {
      events.on('store-call', (event) => void calls.push(event));
    });
    expect(calls).toEqual([]);
  });
});
