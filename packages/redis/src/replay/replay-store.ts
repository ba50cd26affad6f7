import { withRevocationReplay } from '@sess/core/internal';
import type { SessionStore } from '@sess/core/store';
import type { RedisSessionStore } from '../replayable-store.js';
import { isHarmless } from './is-harmless.js';

/**
 * Adds the replay of revocations to a session store. A failover may promote a replica that lacks the newest
 * revocations. After a reconnect this process repeats its revocations of the last 60 seconds, newest first, one for each
 * subject that was revoked as a whole, and at most 1,000 a second.
 */
export function withReplay(store: RedisSessionStore): SessionStore {
  return withRevocationReplay(store, { isHarmless });
}
