// Measures growth by a line through all samples.

/**
 * Returns the Theil-Sen slope, the median of the slopes between all pairs: single samples disturbed by garbage
 * collection do not change it.
 *
 * @param {readonly { at: number, value: number }[]} samples
 * @returns {number} per unit of `at`; 0 for fewer than two samples
 */
export function slopeOf(samples) {
  const slopes = [];
  for (let later = 1; later < samples.length; later += 1) {
    for (let earlier = 0; earlier < later; earlier += 1) {
      const [one, two] = [samples[earlier], samples[later]];
      if (two.at > one.at) slopes.push((two.value - one.value) / (two.at - one.at));
    }
  }
  slopes.sort((one, two) => one - two);
  return slopes.length === 0 ? 0 : slopes[Math.floor(slopes.length / 2)];
}

/** The maximum of samples: the work grows with their square. */
const ENOUGH = 400;

/** Returns samples after the warm-up, which is a share of the whole time, thinned out to the maximum. */
export function afterWarmUp(samples, share) {
  const [first, last] = [samples[0]?.at ?? 0, samples.at(-1)?.at ?? 0];
  const counted = samples.filter(({ at }) => at >= first + (last - first) * share);
  const each = Math.ceil(counted.length / ENOUGH);
  // Counted from the end, so that the last sample is kept.
  return counted.filter((_, n) => (counted.length - 1 - n) % each === 0);
}
