import { useSyncExternalStore } from 'react';
import type { SessionClient } from './types.js';

/**
 * Returns the session of the client and renders again when it changes, another user included. All members are
 * `undefined` until they are known and while a server renders. Call `client.refresh()` once at the start, and put
 * `sid` into the keys of caches.
 */
export function useSession(
  client: SessionClient,
): Readonly<Pick<SessionClient, 'signedIn' | 'sid' | 'subject'>> {
  const { subscribe } = client;
  const signedIn = useSyncExternalStore(subscribe, () => client.signedIn, unknown);
  const sid = useSyncExternalStore(subscribe, () => client.sid, unknown);
  const subject = useSyncExternalStore(subscribe, () => client.subject, unknown);
  return { signedIn, sid, subject };
}

/** The value of each member while a server renders, where no user is known. */
function unknown(): undefined {
  return undefined;
}
