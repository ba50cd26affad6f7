import type { Clock } from './clock.js';

/** One call that is given up when its time is over. */
export interface Deadline {
  /** By `Clock.elapsed`. */
  readonly dueAt: number;
  /** Absent once it was stopped: tables that the set of deadlines leaves behind must not keep calls alive. */
  expire: (() => void) | undefined;
}

/** Gives each call the same time. */
export interface Deadlines {
  /** Calls `expire` once the time has passed, unless the deadline is stopped. `undefined` by a clock without timers. */
  start(expire: () => void): Deadline | undefined;
  stop(deadline: Deadline | undefined): void;
}

/**
 * Creates deadlines that share one timer, set for the oldest of them: a timer a call takes as long as the rest of a
 * call. The timer is not stopped with the last call, so that calls in a row share it too; the process may exit.
 */
export function createDeadlines(clock: Clock, milliseconds: number): Deadlines {
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();
  // In the order in which they are due.
  const pending = new Set<Deadline>();
  let isArmed = false;

  function arm(awaited: Deadline, delay: number): void {
    isArmed = true;
    clock.startTimer?.(() => expireUntil(awaited), delay, { background: true });
  }

  function expireUntil(awaited: Deadline): void {
    isArmed = false;
    const at = elapsed();
    for (const deadline of pending) {
      // The one that the timer was set for has had its time, even if the clock was set back.
      if (deadline !== awaited && deadline.dueAt > at) {
        arm(deadline, Math.min(milliseconds, deadline.dueAt - at));
        return;
      }
      pending.delete(deadline);
      deadline.expire?.();
    }
  }

  return {
    start(expire) {
      if (clock.startTimer === undefined) return undefined;
      const deadline = { dueAt: elapsed() + milliseconds, expire };
      pending.add(deadline);
      if (!isArmed) arm(deadline, milliseconds);
      return deadline;
    },
    stop(deadline) {
      if (deadline === undefined) return;
      deadline.expire = undefined;
      pending.delete(deadline);
    },
  };
}
