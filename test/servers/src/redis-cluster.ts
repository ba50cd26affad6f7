import { isSettled, promoted } from './cluster-health.js';
import { joinNodes } from './cluster-join.js';
import { type ClusterNode, type ClusterRow, clusterView, ownsSlot } from './cluster-view.js';
import type { RedisConfig } from './redis-config.js';
import { type RedisServer, startRedisServer, stopServers } from './redis-server.js';
import type { RespTarget } from './resp.js';
import type { ServerBinary } from './server-binary.js';
import { beginSlotMove, type SlotMove } from './slot-move.js';
import { until } from './wait.js';

/** What {@link startRedisCluster} is told. */
export interface RedisClusterOptions {
  readonly binary: ServerBinary;
  /** At least 3, or no majority can elect. Default 3. */
  readonly masters?: number | undefined;
  /** For each master. Default 1. */
  readonly replicas?: number | undefined;
  /**
   * Milliseconds without an answer after which a node counts as failing; a crash is healed in about
   * two to three times that. Default 1,000; a busy machine with less sees failures that are none.
   */
  readonly nodeTimeoutMs?: number | undefined;
  /** For every node, on top of what the cluster needs. */
  readonly config?: RedisConfig | undefined;
}

/**
 * How a master is replaced: `graceful` loses nothing, `force` does not ask the master, `takeover`
 * asks nobody at all, `crash` kills the master and leaves it to the others to notice.
 */
export type FailoverKind = 'graceful' | 'force' | 'takeover' | 'crash';

/** A running cluster. Nodes change roles; whoever wants to know asks again. */
export interface RedisCluster {
  readonly nodes: readonly ClusterNode[];
  /** Where clients may start. */
  readonly endpoints: readonly RespTarget[];
  masters(): Promise<readonly ClusterNode[]>;
  replicasOf(master: ClusterNode): Promise<readonly ClusterNode[]>;
  slotOf(key: string): Promise<number>;
  masterOf(key: string): Promise<ClusterNode>;
  /**
   * The master of a slot, as the first node that answers sees it. @throws Error when the slot has
   * none.
   */
  masterOfSlot(slot: number): Promise<ClusterNode>;
  /**
   * Has a replica take the place of a master, and resolves with it once all running nodes agree. A
   * server that was killed stays down until `server.restart()`. Default `graceful`. @throws Error
   * when that takes over 30 seconds.
   */
  failover(master: ClusterNode, kind?: FailoverKind): Promise<ClusterNode>;
  /** Opens the move of a slot away from its owner; the slot stays on the move until `finish()`. */
  moveSlot(move: {
    readonly slot: number;
    readonly to: ClusterNode;
    readonly from?: ClusterNode | undefined;
  }): Promise<SlotMove>;
  /**
   * Resolves once all running nodes are healthy, agree on every slot and have their replicas
   * linked.
   * @throws Error after 30 seconds.
   */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/**
 * Starts the nodes and makes a cluster of them, without redis-cli; resolves when it is settled. The
 * first `masters` nodes start as masters.
 *
 * @throws Error when a node does not start or the cluster does not settle in 30 seconds; nothing is
 *   left running then.
 */
export async function startRedisCluster(options: RedisClusterOptions): Promise<RedisCluster> {
  const { binary, masters = 3, replicas = 1, nodeTimeoutMs = 1_000 } = options;
  const config: RedisConfig = {
    'cluster-replica-validity-factor': '0',
    ...options.config,
    'cluster-enabled': 'yes',
    'cluster-node-timeout': String(nodeTimeoutMs),
  };
  const count = masters * (1 + replicas);
  const started = await Promise.allSettled(
    Array.from({ length: count }, () => startRedisServer({ binary, config })),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const nodes = await Promise.all(
      servers.map(async (server) => ({
        server,
        id: String(await server.command('CLUSTER', 'MYID')),
      })),
    );
    await joinNodes(nodes, masters);
    const cluster = clusterOf(nodes);
    await cluster.settled();
    return cluster;
  } catch (error) {
    await stopServers(servers);
    throw error;
  }
}

function clusterOf(nodes: readonly ClusterNode[]): RedisCluster {
  const running = (): readonly ClusterNode[] => nodes.filter(({ server }) => server.running);
  const firstAnswer = async <T>(question: (server: RedisServer) => Promise<T>): Promise<T> => {
    let cause: unknown;
    for (const { server } of running()) {
      try {
        return await question(server);
      } catch (error) {
        // Paused or overloaded: the next one may know.
        cause = error;
      }
    }
    throw new Error('no node of the cluster answers', { cause });
  };
  const view = (): Promise<readonly ClusterRow[]> => firstAnswer(clusterView);
  const named = (ids: readonly string[]): readonly ClusterNode[] =>
    nodes.filter(({ id }) => ids.includes(id));
  const masterOfSlot = async (slot: number): Promise<ClusterNode> => {
    const owner = (await view()).find((row) => ownsSlot(row, slot));
    const [node] = named(owner === undefined ? [] : [owner.id]);
    if (node === undefined) throw new Error(`no node owns slot ${slot}`);
    return node;
  };
  const slotOf = async (key: string): Promise<number> =>
    Number(await firstAnswer((server) => server.command('CLUSTER', 'KEYSLOT', key)));
  const masters = async (): Promise<readonly ClusterNode[]> =>
    named((await view()).filter((row) => row.slots.length > 0).map((row) => row.id));
  const replicasOf = async (master: ClusterNode): Promise<readonly ClusterNode[]> =>
    named(
      (await view())
        .filter((row) => row.masterId === master.id && row.healthy)
        .map((row) => row.id),
    );
  const settled = async (): Promise<void> => {
    await until(() => isSettled(running()), {
      what: 'the cluster to settle',
      timeoutMs: PATIENCE_MS,
      everyMs: 20,
    });
  };
  return {
    nodes,
    endpoints: nodes.map(({ server }) => ({ host: server.host, port: server.port })),
    masters,
    replicasOf,
    slotOf,
    masterOf: async (key) => masterOfSlot(await slotOf(key)),
    masterOfSlot,
    failover: async (master, kind = 'graceful') => {
      const candidates = (await replicasOf(master)).filter(({ server }) => server.running);
      const [chosen] = candidates;
      if (chosen === undefined)
        throw new Error(`master ${master.server.port} has no running replica`);
      if (kind === 'crash') await master.server.kill();
      else
        await chosen.server.command(
          'CLUSTER',
          'FAILOVER',
          ...(kind === 'graceful' ? [] : [kind.toUpperCase()]),
        );
      const winner = await until(() => promoted(candidates), {
        what: `a replica of ${master.server.port} to take over`,
        timeoutMs: PATIENCE_MS,
      });
      await settled();
      return winner;
    },
    moveSlot: async ({ slot, to, from }) =>
      beginSlotMove(slot, from ?? (await masterOfSlot(slot)), to, masters),
    settled,
    stop: () => stopServers(nodes.map(({ server }) => server)),
  };
}
