/*
 * The earlier name of a part of `/internal`, for packages that still import it.
 */
export {
  assertKnown,
  type Duration,
  formatShort,
  formatValue,
  parseDuration,
  showDuration,
} from './util/options.js';
