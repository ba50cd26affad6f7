import { randomBytes } from 'node:crypto';
import { env } from 'node:process';

/** How much is simulated, and where it begins. */
export interface SimulationSettings {
  /** Each is the seed of so many histories that follow it. */
  readonly parts: readonly { readonly seed: number; readonly runs: number }[];
}

/** Histories that everybody has run: what was found among them is found again. */
const FIXED_SEED = 1;
const RUNS = 1_000;

/**
 * What the environment asks for. Without a seed, half of the histories are the same in each run, and half begin
 * where chance says: the seed is printed, and a build that fails can be repeated.
 */
export function readSettings(): SimulationSettings {
  const runs = readNumber('SESS_SIMULATION_RUNS') ?? RUNS;
  const seed = readNumber('SESS_SIMULATION_SEED');
  if (seed !== undefined) return { parts: [{ seed, runs }] };
  const fixed = Math.min(Math.ceil(runs / 2), RUNS / 2);
  return {
    parts: [
      { seed: FIXED_SEED, runs: fixed },
      { seed: randomBytes(4).readUInt32BE(), runs: runs - fixed },
    ],
  };
}

function readNumber(name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`${name} must be a whole number, and is '${text}'.`);
}
