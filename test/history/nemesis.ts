import { sleep } from '@sess/test-servers';
import type { Disturbance } from './history.js';
import type { Prng } from './prng.js';

/** What disturbs a store, one thing at a time, until it is stopped. */
export interface Nemesis {
  /** Waits until the last disturbance is undone and the store is whole. */
  stop(): Promise<NemesisReport>;
}

export interface NemesisReport {
  readonly disturbances: readonly Disturbance[];
  /** What it could not do, and why. */
  readonly troubles: readonly string[];
}

/** Disturbs in random order, each kind once before one is repeated: a short run sees most of them. */
export function repeatDisturbances(given: {
  readonly prng: Prng;
  readonly kinds: readonly string[];
  /** Disturbs, and resolves when that is undone. */
  disturb(kind: string): Promise<void>;
  /** Makes the report after the last disturbance. */
  report(): Promise<NemesisReport>;
}): Nemesis {
  const { prng, kinds, disturb, report } = given;
  let isStopped = false;

  async function run(): Promise<void> {
    while (!isStopped) {
      for (const kind of prng.shuffle(kinds)) {
        await sleep(prng.between(300, 1_200));
        if (isStopped) return;
        await disturb(kind);
      }
    }
  }

  const running = run();
  // A failure is reported by `stop`.
  running.catch(() => {});
  return {
    async stop() {
      isStopped = true;
      await running;
      return report();
    },
  };
}
