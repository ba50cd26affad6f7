export type { HostSetup, RunningHost, StartHost } from './adapter-suite/host.js';
export { adapterSuite } from './adapter-suite.js';
export { createFakeClock, type FakeClock, type Span } from './fake-clock.js';
export { createFaultyStore, type FaultyStore } from './faulty-store.js';
export { sendRequest, type WireAnswer, type WireRequest } from './http-client.js';
export { createMemoryLogger, type LogLine, silentLogger } from './loggers.js';
export { createAuth, createRecord, createWrite, tagFor } from './record-factory.js';
export type { StoreHarness } from './store-suite/harness.js';
export { storeSuite } from './store-suite.js';
