import { randomBytes } from 'node:crypto';
import {
  type Channel,
  createChannel,
  type Invalidation,
  type InvalidationListener,
} from '@sess/core/internal';
import type { RedisPort } from '../client/port.js';
import type { Topology, TrackedNode } from './topology.js';

/** Number of heartbeat keys. Before one is used again, its earlier heartbeat counts as lost. */
const HEARTBEAT_KEYS = 4;
/** Milliseconds that a heartbeat key lives: longer than a round over all keys, so that none expires in use. */
const HEARTBEAT_TTL_MS = 10_000;
/** The length of a subject's tag, which ends the key. */
const TAG_LENGTH = 16;

/** The servers whose changes are listened to. */
export interface InvalidationContext {
  readonly topology: Topology;
  readonly port: RedisPort;
  readonly keyPrefix: string;
}

/**
 * Opens one tracking connection for each node and follows changes of the topology. A heartbeat is a write to a tracked
 * key, which has to return as an invalidation.
 */
export function openInvalidation(
  { topology, port, keyPrefix }: InvalidationContext,
  listener: InvalidationListener,
): Invalidation {
  const channels = new Map<string, Channel>();
  const keyStart = topology.clientPrefix + keyPrefix;
  // Its length differs from a session's key.
  const heartbeatPrefix = `${keyPrefix}~near:${randomBytes(9).toString('base64url')}:`;

  function onProof(): void {
    const proofs = [...channels.values()].map(({ provenAt }) => provenAt);
    listener.onProof(proofs.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...proofs));
  }

  function onLost(): void {
    listener.onUncertain();
    onProof();
  }

  function onChange(keys: readonly string[] | undefined): void {
    if (keys === undefined) listener.onUncertain();
    for (const key of keys ?? []) {
      // Other lengths: heartbeats of all processes, and keys under a longer prefix.
      if (key.length === keyStart.length + TAG_LENGTH) {
        listener.onInvalidate(key.slice(keyStart.length));
      }
    }
  }

  function openChannel(node: TrackedNode): Channel {
    let heartbeats = 0;
    return createChannel({
      now: listener.now,
      clock: listener.clock,
      isReady: topology.isReady,
      open: (events) => node.openTracking(keyStart, events),
      nextHeartbeat() {
        const suffix = node.heartbeatSuffix();
        if (suffix === undefined) return undefined;
        const key = `${heartbeatPrefix}${heartbeats % HEARTBEAT_KEYS}${suffix}`;
        heartbeats += 1;
        return {
          name: topology.clientPrefix + key,
          send: () => port.send(key, false, ['SET', key, '', 'PX', String(HEARTBEAT_TTL_MS)]),
        };
      },
      silence: 'the server confirmed CLIENT TRACKING, but reports no change',
      onChange,
      onProof,
      onLost,
      onFailure: listener.onFailure,
    });
  }

  function syncNodes(): void {
    const current = topology.nodes();
    const ids = new Set(current.map(({ id }) => id));
    let hasChanged = false;
    for (const [id, channel] of channels) {
      if (ids.has(id)) continue;
      channel.close();
      channels.delete(id);
      hasChanged = true;
    }
    for (const node of current) {
      if (channels.has(node.id)) continue;
      channels.set(node.id, openChannel(node));
      hasChanged = true;
    }
    if (hasChanged) onLost();
  }

  syncNodes();
  const stopFollowing = topology.onChange(syncNodes);
  return {
    isComplete() {
      const ids = topology.ids();
      return ids.length === channels.size && ids.every((id) => channels.has(id));
    },
    close() {
      stopFollowing();
      for (const channel of channels.values()) channel.close();
      channels.clear();
      onProof();
    },
  };
}
