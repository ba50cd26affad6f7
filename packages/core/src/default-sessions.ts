import type { SessionsOptions } from './options.js';
import { createSessions } from './sessions.js';
import type { RegisteredData, Sessions } from './types.js';

/** The one piece of module state there is: the process-wide engine, for programs that want just one. */
let current: Sessions | undefined;

/**
 * Sets up the process-wide engine that `getSessions()` answers, and that adapters use when they are given none: from
 * options, or one that was made already. Call it once, before the first request; a later call replaces the engine for
 * whoever asks next.
 */
export function configureSessions(given: SessionsOptions | Sessions): Sessions {
  const isEngine = typeof given === 'object' && given !== null && 'verify' in given;
  current = isEngine ? given : createSessions<RegisteredData>(given);
  return current;
}

/** The process-wide engine; made with default options when `configureSessions` was not called. */
export function getSessions(): Sessions {
  current ??= createSessions<RegisteredData>();
  return current;
}
