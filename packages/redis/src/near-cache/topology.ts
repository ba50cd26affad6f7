import type { OpenLink } from './link.js';

/** A server that takes writes. */
export interface TrackedNode {
  /** Unlike any other's. */
  readonly id: string;
  readonly openLink: OpenLink;
  /** What to put behind a key, so that it lives on this node; `undefined` if no key does at the moment. */
  beatSuffix(): string | undefined;
}

/** The servers that a client writes to. */
export interface Topology {
  /** The ids of `nodes()`, for a look at every read. */
  ids(): readonly string[];
  nodes(): readonly TrackedNode[];
  /** Calls back when `nodes()` may have changed; answers a stop. */
  onChange(listener: () => void): () => void;
  /** Whether the client is connected. It is the caller's: to send before would connect one that is to wait. */
  isReady(): boolean;
  /** What the client itself puts before each key. */
  readonly clientPrefix: string;
}
