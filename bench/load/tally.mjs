// What was seen: numbers that take the same room however long it goes on.

/** A tenth of a millisecond at the fine end, 12 % apart beyond. */
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
    /** Something that must not be; the first of them are kept. */
    fail(text) {
      failed += 1;
      if (failures.length < MOST_FAILURES) failures.push(text);
    },
    /** The store did not answer in time: whether that is anybody's fault depends on the moment. */
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

/** The upper end of the bucket in which it lies, in milliseconds. */
function percentile(buckets, count, share) {
  let left = count * share;
  for (let n = 0; n < buckets.length; n += 1) {
    left -= buckets[n] ?? 0;
    if (left <= 0) return FINEST * Math.exp(n * STEP);
  }
  return 0;
}
