import { randomBytes } from 'node:crypto';
import { env } from 'node:process';

/** How much is simulated, and where it begins. */
export interface SimulationSettings {
  /** Each part is a first seed and the number of histories from it on. */
  readonly parts: readonly { readonly seed: number; readonly runs: number }[];
}

/** Histories that everybody has run: what was found among them is found again. */
const FIXED_SEED = 1;
const RUNS = 1_000;

/**
 * Returns what the environment asks for: a thousand histories times SESS_SCALE, or the one of SESS_SIMULATION_SEED.
 * Without a seed, half of the histories are the same in each run. The other half begins at a random seed, which is printed.
 */
export function readSettings(full: number = RUNS): SimulationSettings {
  const seed = readNumber('SESS_SIMULATION_SEED');
  if (seed !== undefined) return { parts: [{ seed, runs: 1 }] };
  const runs = Math.max(2, Math.round(full * Number(env['SESS_SCALE'] ?? 1)));
  const fixed = Math.min(Math.ceil(runs / 2), full / 2);
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
