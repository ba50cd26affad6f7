import { randomBytes } from 'node:crypto';
import type { Clock } from '@sess/core';
import { withTimeout } from '@sess/core/internal';
import type { RedisPort } from '../client/port.js';
import type { TrackingConnection } from './connections.js';
import type { Topology, TrackedNode } from './topology.js';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_MS = 1_000;
/** Milliseconds in which a heartbeat has to return. */
const HEARTBEAT_TIMEOUT_MS = 1_500;
/** Milliseconds for which a returned heartbeat proves that invalidations arrive. */
const PROOF_MS: number = HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS;
/** Milliseconds before a lost connection is opened again. Each further pause is twice as long. */
const MIN_REOPEN_MS = 250;
const MAX_REOPEN_MS = 30_000;
/** Number of heartbeat keys. Before one is used again, its earlier heartbeat counts as lost. */
const HEARTBEAT_KEYS = 4;
/** Milliseconds that a heartbeat key lives: longer than a round over all keys, so that none expires in use. */
const HEARTBEAT_TTL_MS = 10_000;

/** The servers and the clock of the invalidations, and their listeners. */
export interface InvalidationContext {
  readonly topology: Topology;
  readonly port: RedisPort;
  readonly keyPrefix: string;
  /** Epoch milliseconds of the engine. */
  readonly now: () => number;
  /** Timers. They do not keep the process alive. */
  readonly clock: Pick<Clock, 'startTimer'>;
  /** These keys have changed, as the server names them. */
  onInvalidate(keys: readonly string[]): void;
  /** Any key may have changed. */
  onUncertain(): void;
  /** Invalidations are proven to arrive, or no longer. */
  onStatus(isProven: boolean): void;
  /** A connection could not be set up; called once until one is proven again. */
  onFailure(reason: string): void;
}

/** The invalidations of all nodes. */
export interface Invalidation {
  /** True if everything written until a moment ago has been received from each connected node. */
  isProven(now: number): boolean;
  /** True if the connected nodes are all nodes that may have replied to the client. */
  isComplete(): boolean;
  close(): void;
}

/** The invalidations of one node. */
interface NodeTracking {
  /** When the last returned heartbeat was sent; minus infinity if there is none. Pushes keep the order of writes. */
  readonly provenAt: number;
  close(): void;
}

/**
 * Opens one tracking connection for each node and follows changes of the topology. Each connection is proven by
 * heartbeats: a write to a tracked key, sent like all writes, has to return as an invalidation. That reveals a silent
 * connection, lost tracking, and a client that writes to another server.
 */
export function createInvalidation(context: InvalidationContext): Invalidation {
  const { topology, keyPrefix } = context;
  const nodes = new Map<string, NodeTracking>();
  // Its length differs from a session's key.
  const heartbeatPrefix = `${keyPrefix}~near:${randomBytes(9).toString('base64url')}:`;
  let provenAt = Number.NEGATIVE_INFINITY;
  let isUp = false;
  let hasReported = false;

  function updateStatus(): void {
    const proofs = [...nodes.values()].map((node) => node.provenAt);
    provenAt = proofs.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...proofs);
    const wasUp = isUp;
    isUp = Number.isFinite(provenAt);
    if (isUp) hasReported = false;
    if (wasUp !== isUp) context.onStatus(isUp);
  }

  function onLost(): void {
    context.onUncertain();
    updateStatus();
  }

  function onFailure(error: unknown): void {
    if (hasReported) return;
    hasReported = true;
    context.onFailure(error instanceof Error ? error.message.slice(0, 200) : 'unknown error');
  }

  function syncNodes(): void {
    const current = topology.nodes();
    const ids = new Set(current.map(({ id }) => id));
    let hasChanged = false;
    for (const [id, node] of nodes) {
      if (ids.has(id)) continue;
      node.close();
      nodes.delete(id);
      hasChanged = true;
    }
    for (const node of current) {
      if (nodes.has(node.id)) continue;
      const tracking = trackNode(node, {
        ...context,
        heartbeatPrefix,
        onProof: updateStatus,
        onLost,
        onFailure,
      });
      nodes.set(node.id, tracking);
      hasChanged = true;
    }
    if (hasChanged) onLost();
  }

  syncNodes();
  const stopFollowing = topology.onChange(syncNodes);
  return {
    isProven: (now) => now >= provenAt && now - provenAt < PROOF_MS,
    isComplete() {
      const ids = topology.ids();
      return ids.length === nodes.size && ids.every((id) => nodes.has(id));
    },
    close() {
      stopFollowing();
      for (const node of nodes.values()) node.close();
      nodes.clear();
      updateStatus();
    },
  };
}

interface NodeContext extends Omit<InvalidationContext, 'onFailure'> {
  readonly heartbeatPrefix: string;
  /** `provenAt` has changed. */
  onProof(): void;
  /** Invalidations may be missed from now on. */
  onLost(): void;
  onFailure(error: unknown): void;
}

function trackNode(node: TrackedNode, context: NodeContext): NodeTracking {
  const { topology, port, keyPrefix, heartbeatPrefix, clock, now } = context;
  let connection: TrackingConnection | undefined;
  let provenAt = Number.NEGATIVE_INFINITY;
  let awaited: { readonly key: string; readonly sentAt: number } | undefined;
  let heartbeats = 0;
  let pause = MIN_REOPEN_MS;
  let isClosed = false;
  let stopTimer: (() => void) | undefined;

  function later(callback: () => void, milliseconds: number): void {
    stopTimer?.();
    stopTimer = clock.startTimer?.(callback, milliseconds, { background: true });
  }

  function reset(): void {
    const old = connection;
    connection = undefined;
    awaited = undefined;
    provenAt = Number.NEGATIVE_INFINITY;
    old?.close();
  }

  function reconnect(): void {
    if (isClosed) return;
    reset();
    context.onLost();
    later(() => void open(), pause);
    pause = Math.min(2 * pause, MAX_REOPEN_MS);
  }

  function sendHeartbeat(): void {
    const suffix = node.heartbeatSuffix();
    if (suffix === undefined) {
      reconnect();
      return;
    }
    const key = `${heartbeatPrefix}${heartbeats % HEARTBEAT_KEYS}${suffix}`;
    heartbeats += 1;
    awaited = { key: topology.clientPrefix + key, sentAt: now() };
    later(reconnect, HEARTBEAT_TIMEOUT_MS);
    // A failure shows in the invalidation that does not arrive.
    port.send(key, false, ['SET', key, '', 'PX', String(HEARTBEAT_TTL_MS)]).catch(() => {});
  }

  function onProof(sentAt: number): void {
    provenAt = sentAt;
    awaited = undefined;
    pause = MIN_REOPEN_MS;
    context.onProof();
    later(() => {
      // If the process was suspended or its clock was set, messages of any age may arrive now.
      const age = now() - provenAt;
      if (age >= 0 && age < PROOF_MS) sendHeartbeat();
      else reconnect();
    }, HEARTBEAT_MS);
  }

  async function open(): Promise<void> {
    // Without the client nothing can be proven, and a connection of its copy must not keep the process alive.
    if (!topology.isReady()) {
      later(() => void open(), MIN_REOPEN_MS);
      return;
    }
    let opened: TrackingConnection | undefined;
    try {
      const current = node.openTracking(topology.clientPrefix + keyPrefix, {
        onInvalidate(keys) {
          if (connection !== current) return;
          if (keys === undefined) context.onUncertain();
          else context.onInvalidate(keys);
          if (awaited !== undefined && keys?.includes(awaited.key)) onProof(awaited.sentAt);
        },
        onEnd() {
          if (connection === current) reconnect();
        },
      });
      opened = current;
      connection = current;
      await withTimeout(current.established, {
        clock,
        milliseconds: HEARTBEAT_TIMEOUT_MS,
        createError: () => new Error('CLIENT TRACKING was not confirmed in time'),
      });
      if (connection === current) sendHeartbeat();
    } catch (error) {
      context.onFailure(error);
      if (connection === opened) reconnect();
    }
  }

  void open();
  return {
    get provenAt() {
      return provenAt;
    },
    close() {
      isClosed = true;
      stopTimer?.();
      reset();
    },
  };
}
