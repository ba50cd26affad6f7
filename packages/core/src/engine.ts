/*
 * The earlier name of a part of `/internal`, for packages that still import it.
 */
import {
  clockOption,
  loggerOption,
  randomOption,
  schemaOption,
  subjectPepperOption,
} from './options.js';
import type { RandomBytes } from './token/crypto.js';
import type { Clock } from './util/clock.js';
import type { StandardSchema } from './util/json.js';
import type { Logger } from './util/logger.js';

export const resolveClock = (given: Clock | undefined): Clock => clockOption('clock', given);
export const resolveLogger = (given: Logger | undefined): Logger => loggerOption('logger', given);
export const resolveRandom = (given: RandomBytes | undefined): RandomBytes =>
  randomOption('random', given);
export const resolveSchema = (
  given: StandardSchema<object> | undefined,
): StandardSchema<object> | undefined => schemaOption('data', given);
export const resolveSubjectPepper = (given: string | undefined): string | undefined =>
  subjectPepperOption('subjectPepper', given);
// biome-ignore lint/style/noRestrictedImports: it is the same entry under its earlier name
export * from './internal.js';
