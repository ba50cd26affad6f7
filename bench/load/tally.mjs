// Counts results in constant memory.

/** Buckets from a tenth of a millisecond, each 12 % above the last. */
const STEP = Math.log(1.12);
const FINEST = 0.1;
const MOST_FAILURES = 20;
const MOST_MOMENTS = 10_000;

export function createTally() {
  const statuses = new Map();
  const buckets = [];
  const failures = [];
  const unavailable = [];
  let requests = 0;
  let failed = 0;

  return {
    add(action, status, milliseconds) {
      requests += 1;
      const name = `${action} ${status}`;
      statuses.set(name, (statuses.get(name) ?? 0) + 1);
      const bucket = Math.max(0, Math.ceil(Math.log(milliseconds / FINEST) / STEP));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    },
    /** Counts a failure; keeps the text of the first ones. */
    fail(text) {
      failed += 1;
      if (failures.length < MOST_FAILURES) failures.push(text);
    },
    /** Counts a 503 with its moment, because a starved process excuses it. */
    addUnavailable(action) {
      if (unavailable.length < MOST_MOMENTS) unavailable.push({ action, at: performance.now() });
    },
    get requests() {
      return requests;
    },
    get failed() {
      return failed;
    },
    summary: () => ({
      requests,
      failed,
      failures,
      unavailable,
      p99: percentile(buckets, requests, 0.99),
      statuses: Object.fromEntries([...statuses].sort(([one], [two]) => (one < two ? -1 : 1))),
    }),
  };
}

/** Returns the upper end of the bucket, in milliseconds. */
function percentile(buckets, count, share) {
  let left = count * share;
  for (let n = 0; n < buckets.length; n += 1) {
    left -= buckets[n] ?? 0;
    if (left <= 0) return FINEST * Math.exp(n * STEP);
  }
  return 0;
}
