import { randomBytes } from 'node:crypto';
import type { Clock } from '@sess/core';
import type { RedisPort } from '../client/redis-port.js';
import type { StartTimer } from '../timers.js';
import { type Channel, createChannel, PROOF_HOLDS } from './channel.js';
import type { Topology, TrackedNode } from './topology.js';

/** What the channels are made of. */
export interface ChannelsContext {
  readonly topology: Topology;
  readonly port: RedisPort;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** These keys have changed, as the server calls them. */
  onInvalidate(keys: readonly string[]): void;
  /** Anything may have changed. */
  onUncertain(): void;
  /** What was proven is not, or the other way round. */
  onTurn(isProven: boolean): void;
}

/** The invalidations of all nodes. */
export interface Channels {
  /** Whether all has been heard that was written until a moment ago, on every node that there is a channel to. */
  isProven(now: number): boolean;
  /** Whether these are all nodes that the client may have been answered by. */
  isComplete(): boolean;
  close(): void;
}

/** One channel for each node, following the topology. */
export function createChannels(context: ChannelsContext): Channels {
  const { topology, port, keyPrefix, clock, startTimer } = context;
  const channels = new Map<string, Channel>();
  // Not 16 characters of base64url, so that it is no session's key, for all that it begins as one.
  const beatPrefix = `${keyPrefix}~near:${randomBytes(9).toString('base64url')}:`;
  let provenAt = Number.NEGATIVE_INFINITY;
  let isUp = false;

  const isProven = (now: number): boolean => now >= provenAt && now - provenAt < PROOF_HOLDS;

  function updateStatus(): void {
    const proofs = [...channels.values()].map((channel) => channel.provenAt);
    provenAt = proofs.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...proofs);
    const wasUp = isUp;
    isUp = Number.isFinite(provenAt);
    if (wasUp !== isUp) context.onTurn(isUp);
  }

  function onLost(): void {
    context.onUncertain();
    updateStatus();
  }

  function openChannel(node: TrackedNode): Channel {
    return createChannel({
      openLink: (events) => node.openLink(topology.clientPrefix + keyPrefix, events),
      beatKey(n) {
        const suffix = node.beatSuffix();
        return suffix === undefined ? undefined : `${beatPrefix}${n}${suffix}`;
      },
      fullKey: (key) => topology.clientPrefix + key,
      isReady: () => topology.isReady(),
      send: (key, args) => port.send(key, false, args),
      now: () => clock.now(),
      startTimer,
      onInvalidate(keys) {
        if (keys === undefined) context.onUncertain();
        else context.onInvalidate(keys);
      },
      onProof: updateStatus,
      onLost,
    });
  }

  function follow(): void {
    const nodes = topology.nodes();
    const ids = new Set(nodes.map(({ id }) => id));
    let hasChanged = false;
    for (const [id, channel] of channels) {
      if (ids.has(id)) continue;
      channel.close();
      channels.delete(id);
      hasChanged = true;
    }
    for (const node of nodes) {
      if (channels.has(node.id)) continue;
      channels.set(node.id, openChannel(node));
      hasChanged = true;
    }
    if (hasChanged) onLost();
  }

  follow();
  const stopFollowing = topology.onChange(follow);
  return {
    isProven,
    isComplete() {
      const ids = topology.ids();
      return ids.length === channels.size && ids.every((id) => channels.has(id));
    },
    close() {
      stopFollowing();
      for (const channel of channels.values()) channel.close();
      channels.clear();
      updateStatus();
    },
  };
}
