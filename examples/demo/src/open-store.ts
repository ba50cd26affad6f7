import type { Denylist, SessionStore } from '@sess/core/store';

/** Where sessions are kept, and how to close it. */
export interface OpenStore {
  readonly store: SessionStore;
  /** Ends signed tokens before they expire. */
  readonly denylist: Denylist;
  close(): Promise<void>;
}
