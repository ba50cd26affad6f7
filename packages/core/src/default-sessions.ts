import { emitWarning } from './environment.js';
import type { SessionsOptions } from './options.js';
import { createSessions } from './sessions.js';
import type { RegisteredData, Sessions } from './types.js';

/** The one piece of module state there is: the process-wide engine, for programs that want just one. */
let current: Sessions | undefined;

/** Copies of this package share nothing else, and one that nobody configured has to know of the other. */
const CONFIGURED = Symbol.for('@sess/core/configured');
const shared = globalThis as object as { [CONFIGURED]?: true };

const COPIES =
  'configureSessions() was called on another copy of @sess/core. Find it with npm ls @sess/core, and leave one with npm dedupe.';

/**
 * Sets up the process-wide engine that `getSessions()` answers, and that adapters use when they are given none: from
 * options, or one that was made already. Call it once, before the first request; a later call replaces the engine for
 * whoever asks next.
 */
export function configureSessions(given: SessionsOptions | Sessions): Sessions {
  const isEngine = typeof given === 'object' && given !== null && 'verify' in given;
  current = isEngine ? given : createSessions<RegisteredData>(given);
  shared[CONFIGURED] = true;
  return current;
}

/** The process-wide engine; made with default options when `configureSessions` was not called. */
export function getSessions(): Sessions {
  if (current === undefined) {
    if (shared[CONFIGURED]) emitWarning(COPIES);
    current = createSessions<RegisteredData>();
  }
  return current;
}
