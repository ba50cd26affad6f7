import type { ClusterNode } from './cluster-view.js';
import { ask, type RespReply } from './resp.js';

/**
 * A slot that is being moved, held open until {@link SlotMove.finish} so that a test can work
 * against it.
 */
export interface SlotMove {
  readonly slot: number;
  readonly from: ClusterNode;
  readonly to: ClusterNode;
  /**
   * Moves up to `limit` keys (default: all there are) and resolves with how many it moved. Keys
   * that have moved are answered with ASK by the old owner, as are keys that do not exist.
   * @throws RespError when a server refuses.
   */
  migrateKeys(limit?: number): Promise<number>;
  /**
   * Moves the keys that are left and gives the slot to its new owner. @throws RespError when a
   * server refuses.
   */
  finish(): Promise<void>;
}

const BATCH = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/**
 * Opens the move of a slot: from now on the new owner imports and the old one migrates.
 *
 * @param others the other masters, which are told in the end instead of having to hear of it.
 * @throws RespError when `from` does not own the slot.
 */
export async function beginSlotMove(
  slot: number,
  from: ClusterNode,
  to: ClusterNode,
  others: () => Promise<readonly ClusterNode[]>,
): Promise<SlotMove> {
  const setSlot = (node: ClusterNode, ...how: readonly string[]): Promise<RespReply> =>
    ask(node.server, 'CLUSTER', 'SETSLOT', slot, ...how);
  // In this order: the other way round the old owner would send clients to a node that refuses
  // them.
  await setSlot(to, 'IMPORTING', from.id);
  await setSlot(from, 'MIGRATING', to.id);
  return {
    slot,
    from,
    to,
    migrateKeys: (limit = Number.POSITIVE_INFINITY) => migrate(slot, from, to, limit),
    finish: async () => {
      await migrate(slot, from, to, Number.POSITIVE_INFINITY);
      // The new owner first, so that at no time nobody answers for the slot.
      await setSlot(to, 'NODE', to.id);
      await setSlot(from, 'NODE', to.id);
      for (const node of await others())
        if (node !== to && node !== from) await setSlot(node, 'NODE', to.id);
    },
  };
}

async function migrate(
  slot: number,
  from: ClusterNode,
  to: ClusterNode,
  limit: number,
): Promise<number> {
  let moved = 0;
  while (moved < limit) {
    const keys = await ask(
      from.server,
      'CLUSTER',
      'GETKEYSINSLOT',
      slot,
      Math.min(BATCH, limit - moved),
    );
    if (!Array.isArray(keys) || keys.length === 0) break;
    const { host, port } = to.server;
    await ask(
      from.server,
      'MIGRATE',
      host,
      port,
      '',
      0,
      MIGRATE_TIMEOUT_MS,
      'KEYS',
      ...keys.map(String),
    );
    moved += keys.length;
  }
  return moved;
}
