import type { Logger } from '@sess/core';
import type { SessionStore } from '@sess/core/store';

/** Which connections of a store lead through the link: the one that listens, those that send commands, or all. */
export type Through = 'channel' | 'client' | 'both';

/** How a store with a near cache is opened. */
export interface NearStoreOptions {
  readonly nearCache?: { readonly maxEntries?: number; readonly maxAge?: `${number}s` };
  /** Default: no connection leads through the link. */
  readonly through?: Through;
}

/** A network between stores and their server. */
export interface FaultyLink {
  /** Connections stay open, and all bytes vanish. */
  silence(): void;
  /** Connections are refused; open ones stay. */
  refuse(): void;
  /** Resets all open connections. */
  cut(): void;
  /** Holds back what the server sends by this number of milliseconds. */
  delay(milliseconds: number): void;
  /** Ends all of that. Connections that lost bytes are reset. */
  pass(): Promise<void>;
}

/** Stores of one test on the same sessions, each with separate connections. */
export interface NearCacheHarness {
  /** Returns a store with a near cache that is not opened yet. */
  createNear(options: NearStoreOptions): Promise<SessionStore>;
  /** Returns a store without one, as another process would have it. */
  createPlain(): Promise<SessionStore>;
  readonly link: FaultyLink;
  /** The next connection that listens does not lead through the link. */
  bypass(): void;
  /** Ends the connections that listen, on the server. */
  dropChannels(): Promise<void>;
  readonly logger: Logger;
  /** Ends what was started for this one test. */
  close(): Promise<void>;
}

/** Gives the harness of the running test. */
export type CurrentNearCache = () => NearCacheHarness;
