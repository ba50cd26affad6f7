import { createFakeClock } from '@sess/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock, Span } from '../../../test/kit.js';
import { createDeadlines, type Deadlines } from '../src/deadlines.js';

const PATIENCE = 100;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A fake clock whose timers go off as it is moved, and which counts them. */
function createTimedClock() {
  const clock: FakeClock = createFakeClock(0);
  let timers: Timer[] = [];
  let started = 0;
  return {
    clock: {
      now: clock.now,
      startTimer(callback: () => void, milliseconds: number) {
        const timer = { at: clock.now() + milliseconds, callback };
        timers.push(timer);
        started += 1;
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    set: clock.set,
    advance(span: Span) {
      clock.advance(span);
      for (;;) {
        const due = timers.find(({ at }) => at <= clock.now());
        if (due === undefined) return;
        timers = timers.filter((other) => other !== due);
        due.callback();
      }
    },
    fireAll() {
      const all = timers;
      timers = [];
      for (const { callback } of all) callback();
    },
    get running() {
      return timers.length;
    },
    get started() {
      return started;
    },
  };
}

describe('deadlines', () => {
  let timed: ReturnType<typeof createTimedClock>;
  let deadlines: Deadlines;
  let expired: string[];
  const start = (name: string) => deadlines.start({ expire: () => void expired.push(name) });

  beforeEach(() => {
    timed = createTimedClock();
    deadlines = createDeadlines(timed.clock, PATIENCE);
    expired = [];
  });

  it('expire a call when its time is over, and not sooner', () => {
    start('one');
    timed.advance('99ms');
    expect(expired).toEqual([]);
    timed.advance('1ms');
    expect(expired).toEqual(['one']);
    expect(timed.running).toBe(0);
  });

  it('expire each call at its own time, with one timer for all', () => {
    start('one');
    timed.advance('40ms');
    start('two');
    expect(timed.running).toBe(1);
    timed.advance('60ms');
    expect(expired).toEqual(['one']);
    timed.advance('39ms');
    expect(expired).toEqual(['one']);
    timed.advance('1ms');
    expect(expired).toEqual(['one', 'two']);
  });

  it('leave a call alone that has ended, and keep no timer for nobody', () => {
    const first = start('one');
    timed.advance('40ms');
    const second = start('two');
    deadlines.stop(first);
    timed.advance('60ms');
    expect(expired).toEqual([]);
    deadlines.stop(second);
    expect(timed.running).toBe(0);
    timed.advance('1h');
    expect(expired).toEqual([]);
  });

  it('take it that a call may end twice, and after its time', () => {
    const first = start('one');
    start('two');
    deadlines.stop(first);
    deadlines.stop(first);
    timed.advance('100ms');
    deadlines.stop(first);
    start('three');
    timed.advance('100ms');
    expect(expired).toEqual(['two', 'three']);
  });

  it('start one timer for a thousand calls that end in time', () => {
    const calls = Array.from({ length: 1_000 }, (_, n) => start(String(n)));
    for (const call of calls) deadlines.stop(call);
    expect(timed.started).toBe(1);
    expect(timed.running).toBe(0);
  });

  it('let a call start another as it expires', () => {
    deadlines.start({ expire: () => void start('second try') });
    timed.advance('100ms');
    expect(timed.running).toBe(1);
    timed.advance('100ms');
    expect(expired).toEqual(['second try']);
  });

  it('believe the timer rather than a clock that stands still, or was set back', () => {
    start('one');
    start('two');
    timed.set(-60_000);
    timed.fireAll();
    expect(expired).toEqual(['one']);
    // The second one is not to wait for the minute that the clock lost.
    timed.advance('100ms');
    expect(expired).toEqual(['one', 'two']);
  });

  it('call the methods of a clock that is an instance of something', () => {
    class Machine {
      #started = 0;
      now = (): number => 0;
      startTimer(): () => void {
        this.#started += 1;
        return () => {};
      }
      get started(): number {
        return this.#started;
      }
    }
    const machine = new Machine();
    createDeadlines(machine, PATIENCE).start({ expire: () => {} });
    expect(machine.started).toBe(1);
  });

  it('do without on a clock that has no timers', () => {
    const never = createDeadlines({ now: timed.clock.now }, PATIENCE);
    never.stop(never.start({ expire: () => void expired.push('one') }));
    timed.advance('1h');
    expect(expired).toEqual([]);
  });

  it('expire whoever is late, whoever ends meanwhile', () => {
    const step = fc.oneof(
      fc.constant('start' as const),
      fc.nat({ max: 30 }).map((milliseconds) => ({ milliseconds })),
      fc.nat({ max: 20 }).map((stopped) => ({ stopped })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = createTimedClock();
        const tested = createDeadlines(world.clock, PATIENCE);
        const calls: { due: number; isOver: boolean; stop: () => void }[] = [];
        for (const move of steps) {
          if (move === 'start') {
            const call = { due: world.clock.now() + PATIENCE, isOver: false, stop: () => {} };
            const deadline = tested.start({
              expire() {
                expect(world.clock.now()).toBeGreaterThanOrEqual(call.due);
                expect(call.isOver).toBe(false);
                call.isOver = true;
              },
            });
            call.stop = () => {
              call.isOver = true;
              tested.stop(deadline);
            };
            calls.push(call);
          } else if ('milliseconds' in move) {
            for (let n = 0; n < move.milliseconds; n += 1) world.advance('1ms');
          } else {
            calls[move.stopped]?.stop();
          }
          for (const { due, isOver } of calls) expect(isOver || due > world.clock.now()).toBe(true);
          expect(world.running).toBe(calls.some(({ isOver }) => !isOver) ? 1 : 0);
        }
      }),
    );
  });
});
