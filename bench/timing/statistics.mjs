// What can be said of two sets of measurements that were taken in pairs.

/** Beyond this two sets are taken to differ, as dudect does: by chance once in some hundred thousand comparisons. */
export const THRESHOLD = 4.5;

/** What interrupts a process takes longest: so much of the differences is looked at, those around the middle one. */
const KEPT = 0.8;

/**
 * How far apart two sets are, in standard errors: Student's t of the differences, pair by pair. What a machine does
 * besides disturbs both of a pair alike, and Welch's t would take it for their spread.
 */
export function compare(left, right) {
  const differences = left.map((time, n) => time - right[n]);
  const [, middle] = quartilesOf(differences);
  const kept = differences
    .sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle))
    .slice(0, Math.ceil(differences.length * KEPT));
  const mean = sumOf(kept) / kept.length;
  const variance = sumOf(kept.map((value) => (value - mean) ** 2)) / (kept.length - 1);
  if (mean === 0) return 0;
  return mean / Math.sqrt(variance / kept.length);
}

/** The quartiles of a set. */
export function quartilesOf(set) {
  const sorted = [...set].sort((left, right) => left - right);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor((sorted.length - 1) * share)]);
}

const sumOf = (set) => set.reduce((sum, value) => sum + value, 0);
