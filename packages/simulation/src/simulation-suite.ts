import { stdout } from 'node:process';
import { describe, it } from 'vitest';
import { readSettings } from './environment.js';
import type { SimulationSubject } from './run.js';
import { describeFailure, simulate } from './simulate.js';

/** A million histories take an hour or two. */
const PATIENCE = 6 * 3_600_000;

/**
 * Several engines on one store, simulated: what no single test of the contract shows. The store is created for each
 * history, has the given clock's time, and only needs the contract.
 *
 * A thousand histories times `SESS_SCALE`, or the one that `SESS_SIMULATION_SEED` names.
 */
export function simulationSuite(
  name: string,
  subject: SimulationSubject = {},
  options: { readonly runs?: number } = {},
): void {
  describe(`simulation: ${name}`, () => {
    for (const { seed, runs } of readSettings(options.runs).parts) {
      it(
        `holds every invariant of rotation in ${runs} histories from seed ${seed}`,
        async () => {
          const { moments, seen, failure } = await simulate({ ...subject, seed, runs });
          if (failure !== undefined) throw new Error(describeFailure(failure));
          const counts = Object.entries(seen).map(([what, count]) => `${count} ${what}`);
          stdout.write(
            `simulation of ${name}: ${runs} histories from seed ${seed}, ${moments} moments, ${counts.join(', ')}\n`,
          );
        },
        PATIENCE,
      );
    }
  });
}
