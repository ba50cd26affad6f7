export type {
  EngineOptions,
  EngineSetup,
  MakeEngine,
  SignedEngines,
  TokenMode,
} from './adapter-suite/engines.js';
export type { HostSetup, RunningHost, StartHost } from './adapter-suite/host.js';
export { type AdapterSuiteOptions, adapterSuite } from './adapter-suite.js';
export type { DenylistHarness } from './denylist-suite/harness.js';
export { denylistSuite } from './denylist-suite.js';
export { createFakeClock, type FakeClock, type Span } from './fake-clock.js';
export {
  createFaultyDenylist,
  type DenylistOperation,
  type FaultyDenylist,
} from './faulty-denylist.js';
export { createFaultyStore, type FaultyStore, type StoreOperation } from './faulty-store.js';
export { sendRequest, type WireAnswer, type WireRequest } from './http-client.js';
export { createMemoryLogger, type LogLine, silentLogger } from './loggers.js';
export { createAuth, createRecord, createWrite, tagFor } from './record-factory.js';
export { type SignedIn, signIn } from './sign-in.js';
export type { MakeStore } from './simulation/backend.js';
export { INVARIANTS, type Invariant, type Violation } from './simulation/invariants.js';
export type { Plan, Step, StepKind, Weather } from './simulation/plan.js';
export type { MakeSimulatedEngine } from './simulation/processes.js';
export { type Outcome, runPlan, type SimulationSubject } from './simulation/run.js';
export {
  describeFailure,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
  simulate,
} from './simulation/simulate.js';
export {
  describeThieves,
  measureThieves,
  THIEVES,
  type Thief,
  type ThiefReport,
} from './simulation/thieves.js';
export { simulationSuite } from './simulation-suite.js';
export type { StoreHarness } from './store-suite/harness.js';
export { storeSuite } from './store-suite.js';
export type { Switches } from './switches.js';
