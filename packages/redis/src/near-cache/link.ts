/** Where servers publish invalidations for connections that speak RESP2. */
export const INVALIDATION_CHANNEL = '__redis__:invalidate';

/** How the connections are called in CLIENT LIST. */
export const LINK_NAME = 'sess-near-cache';

/** What a link tells of. */
export interface LinkEvents {
  /** These keys have changed; `undefined`: all of them (FLUSHALL). */
  onInvalidate(keys: readonly string[] | undefined): void;
  /** The connection is gone. */
  onEnd(): void;
}

/**
 * A connection that only listens. It lives once: after a reconnect a server has forgotten the tracking while
 * a client subscribes again by itself, and would go on without a sign; so a link that breaks is thrown away.
 */
export interface Link {
  /** Resolves when the server tracks and the subscription stands. */
  readonly established: Promise<void>;
  /** Ends it at once, and with it what it holds open. */
  close(): void;
}

/** Has the server push every change of a key that begins with `prefix`. */
export type OpenLink = (prefix: string, events: LinkEvents) => Link;

/** The command that turns tracking on, redirected to the connection itself: there it arrives as a message. */
export function trackingCommand(clientId: unknown, prefix: string): readonly string[] {
  return ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(clientId), 'BCAST', 'PREFIX', prefix];
}

/** Reads a message of the channel. */
export function toKeys(message: unknown): readonly string[] | undefined {
  return Array.isArray(message) ? message.map(String) : undefined;
}
