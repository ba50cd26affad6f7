import { nextTick } from 'node:process';

/** Events in the order of a simulated time, in epoch milliseconds of the store's clock. */
export interface Timeline {
  now(): number;
  /** Runs `happen` after that number of milliseconds. Within one moment, the order of the calls counts. */
  after(milliseconds: number, happen: () => unknown): void;
  /**
   * Runs all events, one after the other; `afterEach` looks at the world in between. Pending promises are
   * settled before the next event runs.
   */
  run(afterEach: () => 'go on' | 'stop'): Promise<void>;
  /** For what has to be done as of an earlier moment. */
  pretend(moment: number | undefined): void;
}

interface Item {
  readonly at: number;
  readonly happen: () => unknown;
}

/** Lets all that waits for no more than promises finish: ticks come when no promise has anything left to do. */
function comeToRest(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

/** Lets the rest of the process have its turn. */
function breathe(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export function createTimeline(start: number): Timeline {
  const items: Item[] = [];
  let now = start;
  let pretended: number | undefined;

  /** The place behind all items up to a moment: there are few, and most new ones come late among them. */
  function placeAfter(moment: number): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle]?.at ?? 0) <= moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    now: () => pretended ?? now,
    after(milliseconds, happen) {
      const at = now + Math.max(0, milliseconds);
      items.splice(placeAfter(at), 0, { at, happen });
    },
    async run(afterEach) {
      await breathe();
      for (let item = items.shift(); item !== undefined; item = items.shift()) {
        now = item.at;
        await item.happen();
        await comeToRest();
        if (afterEach() === 'stop') return;
      }
    },
    pretend(moment) {
      pretended = moment;
    },
  };
}
