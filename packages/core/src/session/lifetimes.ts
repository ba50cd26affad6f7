import type { Lifetimes } from '../engine.js';
import { UsageError } from '../errors.js';
import type { Settings } from '../options.js';
import { MAX_COOKIE_MS, MAX_OVERLAP_RATIO } from '../options.js';
import type { SessionLife } from '../store/record.js';
import { duration, oneOf, showDuration } from '../util/options.js';

/** The times by which one session is judged; milliseconds. */
export type SessionPolicy = Pick<
  Settings,
  'accessTtl' | 'accessOverlap' | 'idleTtl' | 'absoluteTtl' | 'grace' | 'renewAfter' | 'overlap'
>;

/** Without `remember`, a browser that restores its tabs must not keep the user signed in for longer. */
const MAX_TRANSIENT_IDLE_MS = 24 * 3_600_000;

const readIdleTtl = duration({ max: MAX_COOKIE_MS });
const readAbsoluteTtl = duration();
const readRemember = oneOf(true, false);

/**
 * Returns the lifetimes that a sign-in names, completed by those of the engine; `undefined` if it names none. They may
 * be longer than the engine's, which are defaults.
 *
 * @throws {UsageError} invalid_option if a value is wrong, or if `idleTtl` is beyond `absoluteTtl`
 */
export function readLife(given: Lifetimes, settings: Settings): SessionLife | undefined {
  const idleTtl = readIdleTtl('idleTtl', given.idleTtl);
  const absoluteTtl = readAbsoluteTtl('absoluteTtl', given.absoluteTtl) ?? settings.absoluteTtl;
  const persistent = readRemember('remember', given.remember);
  if (idleTtl !== undefined && idleTtl > absoluteTtl) {
    throw new UsageError(
      'invalid_option',
      `idleTtl (${showDuration(idleTtl)}) is beyond absoluteTtl (${showDuration(absoluteTtl)}). Write an idleTtl of at most ${showDuration(absoluteTtl)}, or a longer absoluteTtl.`,
    );
  }
  if (idleTtl === undefined && given.absoluteTtl === undefined && persistent) return undefined;
  const longest = persistent ? absoluteTtl : Math.min(absoluteTtl, MAX_TRANSIENT_IDLE_MS);
  return Object.freeze({
    idleTtl: Math.min(idleTtl ?? settings.idleTtl, longest),
    absoluteTtl,
    persistent,
  });
}

/** Returns the times of a session: those of the engine, shortened to what its own lifetimes allow. */
export function policyOf(
  settings: Settings,
  life: Omit<SessionLife, 'persistent'> | undefined,
): SessionPolicy {
  if (life === undefined) return settings;
  const { idleTtl, absoluteTtl } = life;
  // A session that is in use must be renewed well before its idle deadline, which nothing else moves.
  const half = Math.floor(idleTtl / 2);
  const renewAfter = Math.min(settings.renewAfter, half);
  return {
    accessTtl: Math.min(settings.accessTtl, half),
    accessOverlap: settings.accessOverlap,
    idleTtl,
    absoluteTtl,
    grace: Math.min(settings.grace, half),
    renewAfter,
    overlap: Math.min(settings.overlap, MAX_OVERLAP_RATIO * renewAfter),
  };
}
