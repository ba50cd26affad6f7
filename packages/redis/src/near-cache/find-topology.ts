import { UsageError } from '@sess/core';
import { createPort, isIoredis, type RedisClient } from '../client/redis-port.js';
import { type ClusterSource, createClusterTopology } from './cluster-topology.js';
import { createIoredisLink, type IoredisSource } from './ioredis-link.js';
import type { OpenLink } from './link.js';
import { createNodeRedisLink, type NodeRedisSource } from './node-redis-link.js';
import type { Topology, TrackedNode } from './topology.js';

/** What tells that a client has what a link is made of. */
interface Shape {
  readonly duplicate?: unknown;
  readonly nodes?: unknown;
  readonly slots?: unknown;
  readonly status?: unknown;
  readonly isReady?: unknown;
  readonly options?: { readonly keyPrefix?: unknown };
}

const NODES = ['server'] as const;

/** One server, or Sentinel's master of the moment: what a copy of the client connects to. */
function createServerTopology(
  openLink: OpenLink,
  client: Pick<Topology, 'clientPrefix' | 'isReady'>,
): Topology {
  const nodes: readonly TrackedNode[] = [{ id: NODES[0], openLink, beatSuffix: () => '' }];
  return { ...client, ids: () => NODES, nodes: () => nodes, onChange: () => () => {} };
}

/**
 * Finds the servers behind a client.
 *
 * @throws UsageError `invalid_option` for a client that no connection of its own can be made from
 */
export function createTopology(client: RedisClient): Topology {
  const { isCluster } = createPort(client);
  const shape = client as Shape;
  const canDuplicate = typeof shape.duplicate === 'function';
  if (isIoredis(client)) {
    const given = shape.options?.keyPrefix;
    const clientPrefix = typeof given === 'string' ? given : '';
    const common = { clientPrefix, isReady: () => shape.status === 'ready' };
    if (!isCluster && canDuplicate) {
      return createServerTopology(createIoredisLink(client as unknown as IoredisSource), common);
    }
    if (isCluster && typeof shape.nodes === 'function' && Array.isArray(shape.slots)) {
      refuseBraces(clientPrefix);
      return createClusterTopology(client as unknown as ClusterSource, common);
    }
  } else if (!isCluster && canDuplicate && 'sendCommand' in client && 'pSubscribe' in client) {
    if (!('getMasterNode' in client)) {
      // Its keyPrefix is for its own methods; what is sent as it stands gets none.
      const common = { clientPrefix: '', isReady: () => shape.isReady === true };
      return createServerTopology(
        createNodeRedisLink(client as unknown as NodeRedisSource),
        common,
      );
    }
  }
  throw new UsageError(
    'invalid_option',
    'nearCache: this client will not do. Use Redis or Cluster of ioredis or iovalkey, or createClient() of node-redis (not createCluster() or createSentinel()), or leave nearCache out.',
  );
}

/** On a Cluster each master needs keys, for the heart-beat. */
function refuseBraces(clientPrefix: string): void {
  if (!/[{}]/.test(clientPrefix)) return;
  throw new UsageError(
    'invalid_option',
    `nearCache: the client's keyPrefix ${JSON.stringify(clientPrefix)} moves all keys of a Cluster to one slot. Write one without braces.`,
  );
}
