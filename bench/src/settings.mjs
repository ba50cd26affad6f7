// How much is measured: ten minutes of it, or seconds, which say that everything runs and nothing else.

const FULL = {
  isQuick: false,
  rounds: 7,
  /** Sessions that are verified in turn, each of a different subject; fewer than any cache holds. */
  spread: 256,
  /** Of each contender, each round. */
  milliseconds: 120,
  /** Sign-ins, refreshes, revocations a round at concurrency 1. */
  changes: 250,
  /** Size → how often: the larger ones take peers seconds. */
  revokeAll: [
    [10, 9],
    [1_000, 3],
    [10_000, 1],
  ],
  memorySessions: 9_000,
  /** Live sessions on one server, milliseconds of each measurement, and sessions of one account that sign out at once. */
  liveSessions: 1_000_000,
  liveMs: 5_000,
  massSignOut: 10_000,
  endedSessions: 20_000,
  refreshedSessions: 60_000,
  reportedRefreshes: 10_000,
  httpRounds: 5,
  httpSeconds: 2,
  pageRounds: 9,
  pageRequests: 3_000,
  /** Masters of each Cluster. */
  clusters: [1, 3],
  scalingMs: 800,
  /** Sessions on each of the servers that `cluster` compares, its rounds, and milliseconds of each slice. */
  clusterSessions: 60_000,
  clusterRounds: 20,
  clusterMs: 400,
  /** Rounds of paired slices, and milliseconds of each slice. */
  sliceRounds: 200,
  sliceMs: 8,
  sqlRounds: 60,
  sqlMs: 20,
};

const QUICK = {
  isQuick: true,
  rounds: 1,
  spread: 16,
  milliseconds: 4,
  changes: 24,
  revokeAll: [
    [10, 1],
    [100, 1],
  ],
  memorySessions: 600,
  liveSessions: 600,
  liveMs: 50,
  massSignOut: 100,
  endedSessions: 1_200,
  refreshedSessions: 600,
  reportedRefreshes: 600,
  httpRounds: 1,
  httpRequests: 256,
  pageRounds: 1,
  pageRequests: 256,
  clusters: [1],
  scalingMs: 50,
  clusterSessions: 600,
  clusterRounds: 1,
  clusterMs: 50,
  sliceRounds: 2,
  sliceMs: 2,
  sqlRounds: 2,
  sqlMs: 5,
};

export function settingsOf(isQuick) {
  return isQuick ? QUICK : FULL;
}
