import { startBackgroundTimer } from '../timers.js';
import { createIoredisLink, type IoredisSource } from './ioredis-link.js';
import { SLOTS, slotOfHashTag } from './key-slot.js';
import type { Topology, TrackedNode } from './topology.js';

/** A node in the pool of a Cluster client. */
interface PooledNode extends IoredisSource {
  readonly options: { readonly host?: string; readonly port?: number };
}

/** What is used of the Cluster of ioredis or iovalkey. */
export interface ClusterSource {
  nodes(role: 'master'): readonly PooledNode[];
  /** For each slot the nodes that serve it, master first, as `host:port`. */
  readonly slots: readonly (readonly string[] | undefined)[];
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** `refresh`: the slots were read anew, which ioredis also does every few seconds and after each MOVED. */
const CHANGES = ['+node', '-node', 'node error', 'refresh', 'end'] as const;

/** Milliseconds. A replica in the pool that is found to be a master changes its role without an event. */
const LOOK_EVERY = 500;

/**
 * The masters of a Cluster, as the client knows them. It is enough that the client's view is followed:
 * - a node that a read was answered by is in the pool as a master, because the client has to be sent there first;
 * - a slot that is moved away takes its keys along, and their removal is pushed by the node they were on;
 * - a master that was replaced either is gone, and its channel with it, or follows its successor, pushing
 *   what that writes; and the next heart-beat is sent on to the successor, so that the client learns of it.
 */
export function createClusterTopology(
  cluster: ClusterSource,
  client: Pick<Topology, 'clientPrefix' | 'isReady'>,
): Topology {
  const known = new Map<string, TrackedNode>();
  const idOf = ({ options }: PooledNode): string => `${options.host}:${options.port}`;

  /** Finds a text whose slot a node serves; slots are hit at random, so a few attempts do. */
  function findHashTag(id: string): string | undefined {
    const own = new Uint8Array(SLOTS);
    let count = 0;
    cluster.slots.forEach((ids, slot) => {
      if (ids?.[0] !== id) return;
      own[slot] = 1;
      count += 1;
    });
    if (count === 0) return undefined;
    const attempts = (20 * SLOTS) / count;
    for (let n = 0; n < attempts; n += 1) {
      if (own[slotOfHashTag(String(n))] === 1) return String(n);
    }
    return undefined;
  }

  function createNode(node: PooledNode): TrackedNode {
    const id = idOf(node);
    let hashTag: string | undefined;
    return {
      id,
      openLink: createIoredisLink(node),
      beatSuffix() {
        const isOwn = hashTag !== undefined && cluster.slots[slotOfHashTag(hashTag)]?.[0] === id;
        if (!isOwn) hashTag = findHashTag(id);
        return hashTag === undefined ? undefined : `:{${hashTag}}`;
      },
    };
  }

  const ids = (): readonly string[] => cluster.nodes('master').map(idOf);

  return {
    ...client,
    ids,
    nodes() {
      const nodes = cluster.nodes('master').map((pooled) => {
        const node = known.get(idOf(pooled)) ?? createNode(pooled);
        known.set(node.id, node);
        return node;
      });
      const current = new Set(nodes.map(({ id }) => id));
      for (const id of known.keys()) if (!current.has(id)) known.delete(id);
      return nodes;
    },
    onChange(listener) {
      for (const event of CHANGES) cluster.on(event, listener);
      let stopTimer = (): void => {};
      const look = (): void => {
        stopTimer = startBackgroundTimer(look, LOOK_EVERY);
        listener();
      };
      look();
      return () => {
        stopTimer();
        for (const event of CHANGES) cluster.off(event, listener);
      };
    },
  };
}
