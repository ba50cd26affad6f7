import type { RedisServer } from './redis-server.js';
import { askText, type RespTarget } from './resp.js';

/** How many slots there are. */
export const SLOT_COUNT = 16_384;

/** A node and the name by which the cluster knows it. */
export interface ClusterNode {
  readonly id: string;
  readonly server: RedisServer;
}

/** One line of CLUSTER NODES: what the asked node believes about one node. */
export interface ClusterRow {
  readonly id: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
  /** Of a replica. */
  readonly masterId: string | undefined;
  /** Neither failing, nor unreachable, nor still shaking hands. */
  readonly healthy: boolean;
  /** Inclusive ranges, as far as they are settled: slots on the move belong to their old owner. */
  readonly slots: readonly (readonly [number, number])[];
}

/**
 * Asks one node for its view of the cluster.
 * @throws Error when it does not answer.
 */
export async function clusterView(node: RespTarget): Promise<readonly ClusterRow[]> {
  const text = await askText(node, 'CLUSTER', 'NODES');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRow);
}

/** Whether a node owns a slot, by this row. */
export function ownsSlot(row: ClusterRow, slot: number): boolean {
  return row.slots.some(([first, last]) => first <= slot && slot <= last);
}

/**
 * Who owns what, as text: two views with equal text agree, and cover everything when nothing is
 * missing.
 */
export function ownership(view: readonly ClusterRow[]): string {
  const owners = view.filter((row) => row.slots.length > 0);
  return owners
    .map((row) => `${row.id} ${row.slots.join(' ')}`)
    .sort()
    .join('\n');
}

// <id> <ip:port@bus[,host]> <flags> <master|-> <ping> <pong> <epoch> <link> <ranges …>
// where a range is <slot>, <first-last>, or [slot->-id] while the slot is on the move.
function parseRow(line: string): ClusterRow {
  const [id = '', address = '', flagText = '', masterId = '', , , , , ...ranges] = line.split(' ');
  const flags = flagText.split(',');
  const bad = ['fail', 'fail?', 'handshake', 'noaddr'];
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    role: flags.includes('master') ? 'master' : 'replica',
    masterId: masterId === '-' ? undefined : masterId,
    healthy: !flags.some((flag) => bad.includes(flag)),
    slots: ranges.filter((range) => !range.startsWith('[')).map(parseRange),
  };
}

function parseRange(range: string): readonly [number, number] {
  const [first = '', last = first] = range.split('-');
  return [Number(first), Number(last)];
}
