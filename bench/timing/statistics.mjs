// Statistics of two sets of measurements taken in pairs.

/** Sets differ beyond this value, as in dudect; by chance once in some hundred thousand comparisons. */
export const THRESHOLD = 4.5;

/** The share of differences around the median that is used: interruptions cause the largest ones. */
const KEPT = 0.8;

/**
 * Returns the distance of two sets in standard errors: Student's t of the differences, pair by pair. Other load disturbs
 * both of a pair alike, which Welch's t would count as spread.
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

/** Returns the quartiles of a set. */
export function quartilesOf(set) {
  const sorted = [...set].sort((left, right) => left - right);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor((sorted.length - 1) * share)]);
}

const sumOf = (set) => set.reduce((sum, value) => sum + value, 0);
