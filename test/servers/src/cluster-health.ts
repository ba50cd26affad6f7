import { type ClusterNode, clusterView, ownership, SLOT_COUNT } from './cluster-view.js';
import type { RedisServer } from './redis-server.js';
import { askFields } from './resp.js';

/**
 * The first of these replicas that has become a master, by its own word.
 * @throws Error when one does not answer.
 */
export async function promoted(
  candidates: readonly ClusterNode[],
): Promise<ClusterNode | undefined> {
  for (const node of candidates.filter(({ server }) => server.running)) {
    const own = (await clusterView(node.server)).find((row) => row.id === node.id);
    if (own !== undefined && own.slots.length > 0) return node;
  }
  return undefined;
}

/**
 * Whether these nodes see each other healthy, agree on every slot, cover all of them and have their
 * replicas linked. Not fulfilled while a master is without slots.
 *
 * @throws Error when one does not answer.
 */
export async function isSettled(nodes: readonly ClusterNode[]): Promise<boolean> {
  const views = await Promise.all(nodes.map(({ server }) => clusterView(server)));
  const ids = new Set(nodes.map(({ id }) => id));
  const [first] = views;
  if (first === undefined) return false;
  for (const view of views) {
    const known = view.filter((row) => ids.has(row.id));
    if (known.length < nodes.length || !known.every((row) => row.healthy)) return false;
    if (ownership(view) !== ownership(first)) return false;
    // A master without slots is a node that has not learned its new part yet.
    if (known.some((row) => row.role === 'master' && row.slots.length === 0)) return false;
  }
  const good = await Promise.all(nodes.map(({ server }) => isGood(server)));
  return good.every((one) => one);
}

async function isGood(server: RedisServer): Promise<boolean> {
  const cluster = await askFields(server, 'CLUSTER', 'INFO');
  const replication = await askFields(server, 'INFO', 'replication');
  const linked =
    replication.get('role') === 'master' || replication.get('master_link_status') === 'up';
  return (
    linked &&
    cluster.get('cluster_state') === 'ok' &&
    cluster.get('cluster_slots_ok') === String(SLOT_COUNT)
  );
}
