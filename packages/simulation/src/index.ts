export type { MakeStore } from './backend.js';
export {
  type CookieTheft,
  type CookieTheftReport,
  describeCookieThieves,
  measureCookieThieves,
} from './cookie-thieves.js';
export { INVARIANTS, type Invariant, type Violation } from './invariants.js';
export {
  describePageLoads,
  measurePageLoads,
  NETWORKS,
  type Network,
  type NetworkName,
  type PageLoadReport,
} from './page-loads.js';
export type { Plan, Step, StepKind, Weather } from './plan.js';
export type { MakeSimulatedEngine } from './processes.js';
export { type Outcome, runPlan, type SimulationSubject } from './run.js';
export {
  describeFailure,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
  simulate,
} from './simulate.js';
export { simulationSuite } from './simulation-suite.js';
export {
  describeThieves,
  measureThieves,
  THIEVES,
  type Thief,
  type ThiefReport,
} from './thieves.js';
