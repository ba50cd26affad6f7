// Whether something grows: the line through all samples, not the difference of two.

/**
 * The slope of Theil and Sen, the median of the slopes between all pairs: what a collector of garbage does to single
 * samples does not move it.
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

/** So many say as much as all: pairs of them are looked at. */
const ENOUGH = 400;

/** The samples without those of the warm-up, a part of the whole time, and no more than are needed. */
export function afterWarmUp(samples, share) {
  const [first, last] = [samples[0]?.at ?? 0, samples.at(-1)?.at ?? 0];
  const counted = samples.filter(({ at }) => at >= first + (last - first) * share);
  const each = Math.ceil(counted.length / ENOUGH);
  // From the end, so that the last one stays.
  return counted.filter((_, n) => (counted.length - 1 - n) % each === 0);
}
