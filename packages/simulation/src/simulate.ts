import { generatePlan } from './generate.js';
import { INVARIANTS, type Violation } from './invariants.js';
import type { Plan } from './plan.js';
import { runPlan, type SimulationSubject } from './run.js';
import { shrinkPlan } from './shrink.js';

export interface SimulateOptions extends SimulationSubject {
  /** Where to begin: history number n has the seed plus n. */
  readonly seed: number;
  readonly runs: number;
}

/** A history in which an invariant did not hold. */
export interface SimulationFailure extends Violation {
  /** Of the one history: it fails with `runs: 1` too. */
  readonly seed: number;
  /** How many histories it took. */
  readonly after: number;
  /** The same in as few steps as could be found, for a closer look with `runPlan`. */
  readonly plan: Plan;
  /** The short history, line by line. */
  readonly history: readonly string[];
}

export interface SimulationReport {
  readonly runs: number;
  /** How many things happened in all histories; between any two, anything else might have. */
  readonly moments: number;
  /** What came up, by name: a simulation in which nothing does shows nothing. */
  readonly seen: Readonly<Record<string, number>>;
  readonly failure: SimulationFailure | undefined;
}

/**
 * Has random histories of browsers, thieves and administrators happen to several engines on one store, with everything
 * going wrong that may, and holds each against `INVARIANTS` after every step. Ends at the first that fails.
 */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const { seed: first, runs } = options;
  const seen: Record<string, number> = {};
  let moments = 0;
  for (let n = 0; n < runs; n += 1) {
    const seed = (first + n) >>> 0;
    const plan = generatePlan(seed);
    const outcome = await runPlan(plan, options);
    moments += outcome.moments;
    for (const [name, count] of Object.entries(outcome.seen)) {
      seen[name] = (seen[name] ?? 0) + count;
    }
    const { violation } = outcome;
    if (violation !== undefined) {
      const failure = await explain({ seed, after: n + 1, plan, violation, subject: options });
      return { runs: n + 1, moments, seen, failure };
    }
  }
  return { runs, moments, seen, failure: undefined };
}

async function explain(found: {
  readonly seed: number;
  readonly after: number;
  readonly plan: Plan;
  readonly violation: Violation;
  readonly subject: SimulationSubject;
}): Promise<SimulationFailure> {
  const { seed, after, violation, subject } = found;
  const plan = await shrinkPlan(found.plan, violation, subject);
  const { lines, violation: shown = violation } = await runPlan(plan, subject, true);
  return { seed, after, plan, history: lines, ...shown };
}

/** A failure as a test shows it: what did not hold, how it came about, and how to see it again. */
export function describeFailure(failure: SimulationFailure): string {
  const { invariant, text, seed, after, history } = failure;
  return [
    `${invariant}: ${text}`,
    INVARIANTS[invariant],
    '',
    `The history, cut down to what it takes (found after ${after}):`,
    ...history,
    '',
    `To see it again: SESS_SIMULATION_SEED=${seed} npm test -- simulation`,
  ].join('\n');
}
