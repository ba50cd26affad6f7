import { UsageError } from '@sess/core';
import { systemClock } from '@sess/core/internal';
import { createPort, isIoredis, prefixOfClient, type RedisClient } from '../client/port.js';
import {
  type IoredisSource,
  type NodeRedisSource,
  type OpenTracking,
  trackWithIoredis,
  trackWithNodeRedis,
} from './connections.js';

/** A server that accepts writes. */
export interface TrackedNode {
  readonly id: string;
  readonly openTracking: OpenTracking;
  /** Returns a suffix that places a key on this node; `undefined` if the node has no slot at the moment. */
  heartbeatSuffix(): string | undefined;
}

/** The servers that a client writes to. */
export interface Topology {
  /** Returns the ids of `nodes()`. Cheap, as it is called for each read. */
  ids(): readonly string[];
  nodes(): readonly TrackedNode[];
  /** Calls `listener` when `nodes()` may have changed. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void;
  /** True if the client is connected. A command sent before would connect a client whose owner has not done so. */
  isReady(): boolean;
  /** The prefix that the client puts before each key. */
  readonly clientPrefix: string;
}

type ClientPart = Pick<Topology, 'clientPrefix' | 'isReady'>;

/** The properties that distinguish the supported clients. */
interface ClientShape {
  readonly duplicate?: unknown;
  readonly nodes?: unknown;
  readonly slots?: unknown;
  readonly status?: unknown;
  readonly isReady?: unknown;
}

const SINGLE = ['server'] as const;

/**
 * Returns the topology behind a client.
 *
 * @throws {UsageError} invalid_option if no tracking connection can be opened from the client
 */
export function createTopology(client: RedisClient): Topology {
  const { isCluster } = createPort(client);
  const shape = client as ClientShape;
  const canDuplicate = typeof shape.duplicate === 'function';
  const clientPrefix = prefixOfClient(client);
  if (isIoredis(client)) {
    const part = { clientPrefix, isReady: () => shape.status === 'ready' };
    if (!isCluster && canDuplicate) {
      return singleServer(trackWithIoredis(client as unknown as IoredisSource), part);
    }
    if (isCluster && typeof shape.nodes === 'function' && Array.isArray(shape.slots)) {
      assertNoBraces(clientPrefix);
      return cluster(client as unknown as ClusterSource, part);
    }
  } else if (!isCluster && canDuplicate && 'sendCommand' in client && 'pSubscribe' in client) {
    if (!('getMasterNode' in client)) {
      const part = { clientPrefix, isReady: () => shape.isReady === true };
      return singleServer(trackWithNodeRedis(client as unknown as NodeRedisSource), part);
    }
  }
  throw new UsageError(
    'invalid_option',
    'nearCache: expected Redis or Cluster of ioredis or iovalkey, or createClient() of node-redis, got another client. Leave nearCache out with createCluster() and createSentinel().',
  );
}

/** One server, or the current primary of Sentinel, to which a copy of the client connects. */
function singleServer(openTracking: OpenTracking, part: ClientPart): Topology {
  const nodes: readonly TrackedNode[] = [
    { id: SINGLE[0], openTracking, heartbeatSuffix: () => '' },
  ];
  return { ...part, ids: () => SINGLE, nodes: () => nodes, onChange: () => () => {} };
}

/** On a Cluster every primary needs a key for the heartbeat. */
function assertNoBraces(clientPrefix: string): void {
  if (!/[{}]/.test(clientPrefix)) return;
  throw new UsageError(
    'invalid_option',
    `nearCache: expected a client whose keyPrefix has no braces, got ${JSON.stringify(clientPrefix)}. Braces move all keys of a Cluster to one slot.`,
  );
}

/** A node in the pool of a Cluster client. */
interface PooledNode extends IoredisSource {
  readonly options: { readonly host?: string; readonly port?: number };
}

/** The part of the Cluster client of ioredis or iovalkey that is used. */
interface ClusterSource {
  nodes(role: 'master'): readonly PooledNode[];
  /** For each slot the nodes that serve it, the primary first, as `host:port`. */
  readonly slots: readonly (readonly string[] | undefined)[];
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** `refresh`: the slots were read again, which ioredis does every few seconds and after each MOVED. */
const CHANGES = ['+node', '-node', 'node error', 'refresh', 'end'] as const;

/** Milliseconds. A replica in the pool that becomes a primary causes no event. */
const POLL_MS = 500;

/** Random attempts for each expected hit, so that a slot of the node is found almost certainly. */
const ATTEMPTS_PER_HIT = 20;

/**
 * The primaries of a Cluster, as the client knows them. It is enough to follow the view of the client:
 * - A node that replied to a read is a primary in the pool, because the client is redirected there first.
 * - A slot that moves takes its keys along, and their removal is pushed by the node that had them.
 * - A primary that was replaced is gone, and its connection with it. Or it follows its successor and pushes the writes
 *   of that one; the next heartbeat is redirected to the successor, by which the client learns of it.
 */
function cluster(source: ClusterSource, part: ClientPart): Topology {
  const known = new Map<string, TrackedNode>();
  const idOf = ({ options }: PooledNode): string => `${options.host}:${options.port}`;
  const ids = (): readonly string[] => source.nodes('master').map(idOf);

  /** Returns a text whose slot the node serves. Slots are hit at random. */
  function findHashTag(id: string): string | undefined {
    const own = new Uint8Array(SLOT_COUNT);
    let count = 0;
    source.slots.forEach((nodes, slot) => {
      if (nodes?.[0] !== id) return;
      own[slot] = 1;
      count += 1;
    });
    if (count === 0) return undefined;
    const attempts = (ATTEMPTS_PER_HIT * SLOT_COUNT) / count;
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
      openTracking: trackWithIoredis(node),
      heartbeatSuffix() {
        const isOwn = hashTag !== undefined && source.slots[slotOfHashTag(hashTag)]?.[0] === id;
        if (!isOwn) hashTag = findHashTag(id);
        return hashTag === undefined ? undefined : `:{${hashTag}}`;
      },
    };
  }

  return {
    ...part,
    ids,
    nodes() {
      const nodes = source.nodes('master').map((pooled) => {
        const node = known.get(idOf(pooled)) ?? createNode(pooled);
        known.set(node.id, node);
        return node;
      });
      const current = new Set(nodes.map(({ id }) => id));
      for (const id of known.keys()) if (!current.has(id)) known.delete(id);
      return nodes;
    },
    onChange(listener) {
      for (const event of CHANGES) source.on(event, listener);
      let stopTimer: (() => void) | undefined;
      const poll = (): void => {
        stopTimer = systemClock.startTimer?.(poll, POLL_MS, { background: true });
        listener();
      };
      poll();
      return () => {
        stopTimer?.();
        for (const event of CHANGES) source.off(event, listener);
      };
    },
  };
}

/** The number of slots of a Redis Cluster. */
const SLOT_COUNT = 16_384;

/** CRC16 with the polynomial 0x1021 and the initial value 0, as the Redis Cluster specification defines it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    }
    crc &= 0xffff;
  }
  return crc;
}

const encoder = new TextEncoder();

/** Returns the slot of every key whose first pair of braces encloses `text`. */
function slotOfHashTag(text: string): number {
  return crc16(encoder.encode(text)) % SLOT_COUNT;
}
