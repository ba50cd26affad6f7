import type { Clock } from './util/clock.js';

/** A call that has so much time. */
export interface TimedCall {
  /** The time is over. */
  expire(): void;
}

/** Gives every call the same time. */
export interface Deadlines {
  /** Answers what `stop` takes. */
  start(call: TimedCall): Deadline;
  /** The call has ended. */
  stop(deadline: Deadline): void;
}

/** One call's place in the order in which calls are due. */
export class Deadline {
  readonly due: number;
  readonly call: TimedCall | undefined;
  previous: Deadline = this;
  next: Deadline = this;

  constructor(due: number, call?: TimedCall) {
    this.due = due;
    this.call = call;
  }
}

/**
 * Deadlines that are all as long as each other, so that they are due in the order in which they were started, and one
 * timer, for the oldest, serves all of them: under load a timer a call costs more than the rest of a call. A clock
 * without timers has no deadlines.
 *
 * @param patience milliseconds
 */
export function createDeadlines(clock: Clock, patience: number): Deadlines {
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();
  // A ring: behind the end comes the oldest.
  const end = new Deadline(0);
  let stopTimer: (() => void) | undefined;
  /** Whom the timer is for, which may have ended meanwhile. */
  let awaited = end;

  function remove(deadline: Deadline): void {
    deadline.previous.next = deadline.next;
    deadline.next.previous = deadline.previous;
    // Removed twice, it must not pull others out.
    deadline.previous = deadline;
    deadline.next = deadline;
  }

  function arm(milliseconds: number): void {
    awaited = end.next;
    stopTimer = clock.startTimer?.(expire, milliseconds);
  }

  function expire(): void {
    stopTimer = undefined;
    const now = elapsed();
    while (end.next !== end) {
      const oldest = end.next;
      // Whom the timer was for has had the time, whatever the clock says, which may have been set.
      if (oldest !== awaited && oldest.due > now) {
        // A clock that was set back must not make anybody wait longer than all of the time.
        arm(Math.min(patience, Math.max(1, oldest.due - now)));
        return;
      }
      remove(oldest);
      oldest.call?.expire();
    }
  }

  return {
    start(call) {
      if (clock.startTimer === undefined) return end;
      const deadline = new Deadline(elapsed() + patience, call);
      deadline.previous = end.previous;
      deadline.next = end;
      end.previous.next = deadline;
      end.previous = deadline;
      if (stopTimer === undefined) arm(patience);
      return deadline;
    },
    stop(deadline) {
      if (deadline === end) return;
      remove(deadline);
      if (end.next !== end) return;
      stopTimer?.();
      stopTimer = undefined;
    },
  };
}
