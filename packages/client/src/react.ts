import { useSyncExternalStore } from 'react';
import type { SessionClient } from './types.js';

/**
 * Whether somebody is signed in, as a React hook: `undefined` until it is known, and while a server renders. Call
 * `client.refresh()` once, at the start, to find out.
 */
export function useSession(client: SessionClient): { readonly signedIn: boolean | undefined } {
  const signedIn = useSyncExternalStore(
    client.subscribe,
    () => client.signedIn,
    () => undefined,
  );
  return { signedIn };
}
