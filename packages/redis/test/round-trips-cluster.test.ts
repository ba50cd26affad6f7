import { openCountedCluster } from './counting.js';
import { describeRoundTrips } from './round-trip-suite.js';

describeRoundTrips('a Cluster', openCountedCluster);
