import { createHash } from 'node:crypto';
import type { ClusterNode, RedisCluster } from '@sess/test-servers';
import { sleep } from '@sess/test-servers';
import { readClock } from '../../../../test/history/history.js';

/** A replica that became a master, as it says itself. */
export interface Promotion {
  readonly shard: number;
  readonly at: number;
}

/** The pairs of master and replica that keep the same slots, whichever of the two is the master. */
export interface Shards {
  readonly count: number;
  /** The shard that keeps a subject. */
  shardOf(subject: string): Promise<number>;
  nodesOf(shard: number): readonly ClusterNode[];
  /** All promotions up to now, those included that nobody had asked for. */
  promotions(): readonly Promotion[];
  /** Looks at every node that answers, once. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MS = 250;

/** Learns who belongs together, and watches from then on who becomes a master. */
export async function watchShards(cluster: RedisCluster, keyPrefix: string): Promise<Shards> {
  const pairs: (readonly ClusterNode[])[] = [];
  for (const master of await cluster.masters()) {
    pairs.push([master, ...(await cluster.replicasOf(master))]);
  }
  const roles = new Map<ClusterNode, string>();
  const promotions: Promotion[] = [];

  async function lookAt(node: ClusterNode, shard: number): Promise<void> {
    if (!node.server.running) return;
    let role: string;
    try {
      [role = ''] = (await node.server.command('ROLE')) as string[];
    } catch {
      // Stopped, or starting: it changes no role then.
      return;
    }
    // A node that is restarted says 'master' for a moment, but it had been one when it was killed.
    if (roles.get(node) === 'slave' && role === 'master') {
      promotions.push({ shard, at: readClock() });
    }
    roles.set(node, role);
  }

  const look = async (): Promise<void> => {
    const looks = pairs.flatMap((nodes, shard) => nodes.map((node) => lookAt(node, shard)));
    await Promise.all(looks);
  };

  await look();
  let isStopped = false;
  // Each node by itself, for one that stands still answers late.
  const watching = pairs.flatMap((nodes, shard) =>
    nodes.map(async (node) => {
      while (!isStopped) {
        await lookAt(node, shard);
        await sleep(EVERY_MS);
      }
    }),
  );

  return {
    count: pairs.length,
    async shardOf(subject) {
      // The beginning of every sid of the subject, which is what the store makes its key of.
      const tag = createHash('sha256').update(subject).digest('base64url').slice(0, 16);
      const master = await cluster.masterOf(keyPrefix + tag);
      return pairs.findIndex((nodes) => nodes.includes(master));
    },
    nodesOf: (shard) => pairs[shard] ?? [],
    promotions: () => promotions,
    look,
    async stop() {
      isStopped = true;
      await Promise.all(watching);
    },
  };
}
