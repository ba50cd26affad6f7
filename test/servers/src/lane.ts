/**
 * One direction of a connection: bytes leave in the order in which they came, each after its delay.
 */
export interface Lane {
  /** Sends `chunk` after `delayMs`, or right after those before it, whichever is later. */
  push(chunk: Buffer, delayMs: number): void;
  /** Calls `then` once all that was pushed has been sent. */
  finish(then: () => void): void;
  /** Forgets what has not been sent. */
  clear(): void;
}

interface Parcel {
  readonly due: number;
  readonly deliver: () => void;
}

/** A lane that hands its bytes to `send`. */
export function createLane(send: (chunk: Buffer) => void): Lane {
  const queue: Parcel[] = [];
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    timer = undefined;
    const now = performance.now();
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (first.due > now) {
        // Timers may be a fraction of a millisecond early.
        timer = setTimeout(run, Math.ceil(first.due - now));
        return;
      }
      queue.shift();
      first.deliver();
    }
  };
  const enqueue = (deliver: () => void, delayMs: number): void => {
    const last = queue.at(-1)?.due ?? 0;
    queue.push({ due: Math.max(last, performance.now() + delayMs), deliver });
    if (timer === undefined) run();
  };
  return {
    push: (chunk, delayMs) => enqueue(() => send(chunk), delayMs),
    finish: (then) => enqueue(then, 0),
    clear: () => {
      clearTimeout(timer);
      timer = undefined;
      queue.length = 0;
    },
  };
}
