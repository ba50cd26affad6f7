/** What the tests of this repository take from the testkit beyond its public names. */
export type { FakeClock, Span } from '../packages/testkit/src/clock.js';
export type {
  DenylistOperation,
  FaultyDenylist,
  FaultyStore,
  StoreOperation,
  Switches,
} from '../packages/testkit/src/faults.js';
export type { LogLine } from '../packages/testkit/src/loggers.js';
export type {
  EngineOptions,
  EngineSetup,
  MakeEngine,
  SignedEngines,
  TokenMode,
} from '../packages/testkit/src/suites/adapter/engines.js';
export type { RunningHost } from '../packages/testkit/src/suites/adapter/host.js';
export {
  sendRequest,
  type WireAnswer,
  type WireRequest,
} from '../packages/testkit/src/suites/http-client.js';
export {
  createAuth,
  createBindings,
  createFormerFamily,
  createRecord,
  createWrite,
  tagFor,
} from '../packages/testkit/src/suites/record-factory.js';
