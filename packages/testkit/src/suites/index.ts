export type { HostSetup, StartHost } from './adapter/host.js';
export { type AdapterSuiteOptions, adapterSuite } from './adapter-suite.js';
export type { DenylistHarness } from './denylist/harness.js';
export { denylistSuite } from './denylist-suite.js';
export type { FaultyLink, NearCacheHarness, NearStoreOptions } from './near-cache/harness.js';
export { nearCacheSuite } from './near-cache-suite.js';
export type { StoreHarness } from './store/harness.js';
export { storeSuite } from './store-suite.js';
