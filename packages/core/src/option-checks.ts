/*
 * What packages beside this one validate their own options with, so that all speak alike.
 */
export { type Duration, parseDuration, showDuration } from './duration.js';
export { assertKnown } from './known-options.js';
export { formatShort, formatValue } from './show.js';
