import type { Violation } from './invariants.js';
import type { Plan, Step, Weather } from './plan.js';
import { runPlan, type SimulationSubject } from './run.js';

/** Histories that are tried to make one shorter: a few seconds' worth. */
const TRIALS = 400;

const NOTHING_GOES_WRONG: Weather = { lost: 0, slow: 0, storeLost: 0, storeSlow: 0, repeated: 0 };

/**
 * Removes from a plan what its failure does not need: steps by halves, quarters and one by one, faults of the steps
 * that are left, and kinds of weather. A step has a separate seed, so that the remaining ones go on as they did.
 */
export async function shrinkPlan(
  plan: Plan,
  violation: Violation,
  subject: SimulationSubject,
): Promise<Plan> {
  let smallest = plan;
  let trials = 0;

  /** Takes a candidate if it fails in the same way. */
  async function take(candidate: Plan): Promise<boolean> {
    if (trials >= TRIALS) return false;
    trials += 1;
    const outcome = await runPlan(candidate, subject);
    if (outcome.violation?.invariant !== violation.invariant) return false;
    smallest = candidate;
    return true;
  }

  async function dropSteps(): Promise<void> {
    for (let size = Math.ceil(smallest.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
      // From the end: what comes after the violation goes first.
      for (let end = smallest.steps.length; end > 0; end -= size) {
        const steps = smallest.steps.filter((_, n) => n < end - size || n >= end);
        await take({ ...smallest, steps });
      }
    }
  }

  async function calmSteps(): Promise<void> {
    for (let place = smallest.steps.length - 1; place >= 0; place -= 1) {
      const { steps } = smallest;
      if (steps[place]?.isCalm === true) continue;
      const calmed = steps.map((step, n): Step => (n === place ? { ...step, isCalm: true } : step));
      await take({ ...smallest, steps: calmed });
    }
  }

  await dropSteps();
  if (!(await take({ ...smallest, weather: NOTHING_GOES_WRONG }))) {
    for (const kind of Object.keys(NOTHING_GOES_WRONG) as (keyof Weather)[]) {
      if (smallest.weather[kind] === 0) continue;
      await take({ ...smallest, weather: { ...smallest.weather, [kind]: 0 } });
    }
  }
  await calmSteps();
  await dropSteps();
  return smallest;
}
