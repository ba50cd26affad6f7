import { type ClusterNode, clusterView, SLOT_COUNT } from './cluster-view.js';
import { until } from './wait.js';

const PATIENCE_MS = 30_000;

/**
 * Makes a cluster of fresh nodes: the first `masters` of them share the slots, the others follow
 * them in turn.
 * @throws Error when that takes over 30 seconds; RespError when a node refuses.
 */
export async function joinNodes(nodes: readonly ClusterNode[], masters: number): Promise<void> {
  const share = SLOT_COUNT / masters;
  await Promise.all(
    nodes.map(async ({ server }, index) => {
      // Equal epochs collide, and sorting that out takes the nodes seconds.
      await server.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      const first = Math.round(index * share);
      const slots = Array.from(
        { length: Math.round((index + 1) * share) - first },
        (_, offset) => first + offset,
      );
      // ADDSLOTSRANGE is shorter and unknown before Redis 7.
      if (index < masters) await server.command('CLUSTER', 'ADDSLOTS', ...slots);
    }),
  );
  await until(() => acquainted(nodes), {
    what: 'the nodes to know each other',
    timeoutMs: PATIENCE_MS,
    everyMs: 50,
  });
  await Promise.all(
    nodes.slice(masters).map(({ server }, index) =>
      // Refused until the handshake with the master is over.
      until(() => server.command('CLUSTER', 'REPLICATE', nodes[index % masters]?.id ?? ''), {
        what: `node ${server.port} to know its master`,
        timeoutMs: PATIENCE_MS,
      }),
    ),
  );
}

/**
 * Introduces those who do not know each other yet: by gossip alone it takes seconds more. On a busy
 * machine a handshake runs out of time and is forgotten, so that it has to be asked for again.
 */
async function acquainted(nodes: readonly ClusterNode[]): Promise<boolean> {
  let strangers = 0;
  for (const [index, { server }] of nodes.entries()) {
    const known = new Set((await clusterView(server)).map(({ id }) => id));
    strangers += nodes.filter(({ id }) => !known.has(id)).length;
    for (const other of nodes.slice(index + 1))
      if (!known.has(other.id))
        await server.command('CLUSTER', 'MEET', other.server.host, other.server.port);
  }
  return strangers === 0;
}
