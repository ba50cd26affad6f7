import { UsageError } from '@sess/core';

/** The part of a Redis client that the stores use: single commands, sent to the primary of a key. */
export interface RedisPort {
  /**
   * Sends one command. Replies: strings as strings, integers as numbers, lists as arrays, nil as `null`.
   * Error replies reject.
   */
  send(key: string, isReadOnly: boolean, args: readonly string[]): Promise<unknown>;
  /** True if keys are spread over several nodes, so that a command may name one key only. */
  readonly isCluster: boolean;
  /** Calls `listener` after each reconnect and each change of the primaries. Returns a function that unsubscribes. */
  onReconnect?(listener: () => void): () => void;
  /** Drops the current connection and opens a new one. Absent if the client offers no way to do so. */
  reconnect?(): void;
}

/** ioredis 5 or 6, or iovalkey: a single server, Sentinel or Cluster. */
export interface IoredisLike {
  call(command: string, ...args: string[]): Promise<unknown>;
  readonly options: object;
}

/** node-redis: a single server or Sentinel. */
export interface NodeRedisLike {
  sendCommand(args: string[]): Promise<unknown>;
  readonly isOpen: boolean;
}

/** node-redis: a Cluster. */
export interface NodeRedisClusterLike {
  sendCommand(key: string, isReadOnly: boolean, args: string[]): Promise<unknown>;
  readonly masters: readonly unknown[];
}

/** A client that the stores accept. It belongs to the caller: the stores never close it. */
export type RedisClient = IoredisLike | NodeRedisLike | NodeRedisClusterLike | RedisPort;

/** The optional parts of the supported clients, all read by duck typing. */
interface ClientShape {
  readonly isCluster?: unknown;
  readonly options?: {
    readonly keyPrefix?: unknown;
    readonly commandOptions?: { readonly typeMapping?: unknown };
  };
  readonly getMasterNode?: unknown;
  disconnect?(reconnect?: boolean): void;
  destroy?(): void;
  connect?(): Promise<unknown>;
}

/** The events of all supported clients. */
interface Emitter {
  /** ioredis Cluster: the nodes of each slot, its primary first. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

const RECONNECT_EVENTS = ['ready', '+node', '-node', 'node-ready'] as const;

/** Replies as strings and numbers, also if the caller's client maps types otherwise. */
const PLAIN_REPLIES = { typeMapping: {} } as const;

/**
 * Returns the port of a client.
 *
 * @throws {UsageError} invalid_argument if the value is not a supported client
 */
export function createPort(client: RedisClient): RedisPort {
  if (isIoredis(client)) {
    return {
      isCluster: isCluster(client),
      // iovalkey adds its keyPrefix to the keys of commands in lower case only.
      send: (_key, _isReadOnly, [command = '', ...args]) =>
        client.call(command.toLowerCase(), ...args).catch(removeCommand),
      ...reconnectEvents(client),
      ...ioredisReconnect(client),
    };
  }
  if (isNodeRedisCluster(client)) {
    const send = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return {
      isCluster: true,
      send: (key, isReadOnly, args) => send(key, isReadOnly, [...args], PLAIN_REPLIES),
      ...reconnectEvents(client),
    };
  }
  if (isNodeRedis(client)) {
    const send = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return {
      isCluster: false,
      send: (_key, _isReadOnly, args) => send([...args], PLAIN_REPLIES),
      ...reconnectEvents(client),
      ...nodeRedisReconnect(client),
    };
  }
  if (isPort(client)) return client;
  throw new UsageError(
    'invalid_argument',
    'client: expected a client of ioredis, iovalkey or node-redis, or an object with send(key, isReadOnly, args). Write redisStore(new Redis(url, failFast)).',
  );
}

/**
 * Returns the prefix to send with each key. ioredis adds its own `keyPrefix` to every command, node-redis only to its
 * own methods: there it is added here, so that the option has the same meaning with each client.
 */
export function keyPrefixFor(client: RedisClient, keyPrefix: string): string {
  if (isIoredis(client)) return keyPrefix;
  const own = (client as ClientShape).options?.keyPrefix;
  return typeof own === 'string' ? own + keyPrefix : keyPrefix;
}

/** Returns the prefix that the client itself puts before each key of a raw command. */
export function prefixOfClient(client: RedisClient): string {
  const own = isIoredis(client) ? (client as ClientShape).options?.keyPrefix : undefined;
  return typeof own === 'string' ? own : '';
}

/**
 * ioredis attaches the command to its errors. A command holds digests and session data, and the error is passed on as
 * a cause, so the command must be removed.
 */
function removeCommand(error: unknown): never {
  for (let at = error; at instanceof Error; at = 'lastNodeError' in at && at.lastNodeError) {
    Reflect.deleteProperty(at, 'command');
  }
  throw error;
}

function reconnectEvents(client: RedisClient): Partial<Pick<RedisPort, 'onReconnect'>> {
  if (!hasMethod(client, 'on') || !hasMethod(client, 'off')) return {};
  const emitter = client as unknown as Emitter;
  return {
    onReconnect(listener) {
      let primaries = describePrimaries(emitter);
      // A replica that is promoted was known before, and the old primary redirects: no connection breaks.
      const onRefresh = (): void => {
        const before = primaries;
        primaries = describePrimaries(emitter);
        if (primaries !== before) listener();
      };
      for (const event of RECONNECT_EVENTS) emitter.on(event, listener);
      emitter.on('refresh', onRefresh);
      return () => {
        for (const event of RECONNECT_EVENTS) emitter.off(event, listener);
        emitter.off('refresh', onRefresh);
      };
    },
  };
}

/** A Cluster follows redirects by itself; a single connection has to be opened again. */
function ioredisReconnect(client: IoredisLike): Partial<Pick<RedisPort, 'reconnect'>> {
  const shape = client as unknown as ClientShape;
  if (isCluster(client) || typeof shape.disconnect !== 'function') return {};
  return { reconnect: () => shape.disconnect?.(true) };
}

function nodeRedisReconnect(client: NodeRedisLike): Partial<Pick<RedisPort, 'reconnect'>> {
  const shape = client as unknown as ClientShape;
  const isSentinel = typeof shape.getMasterNode === 'function';
  if (isSentinel || typeof shape.destroy !== 'function' || typeof shape.connect !== 'function') {
    return {};
  }
  return {
    reconnect() {
      // A client that its owner has closed must stay closed.
      if (!client.isOpen) return;
      shape.destroy?.();
      // The client tries again by its own strategy and reports failures through its 'error' event.
      void shape.connect?.().catch(() => {});
    },
  };
}

/** Returns the primary of each range of slots, as text. */
function describePrimaries({ slots = [] }: Emitter): string {
  const ranges: string[] = [];
  let last: string | undefined;
  for (const [slot, nodes] of slots.entries()) {
    if (nodes?.[0] === last) continue;
    last = nodes?.[0];
    ranges.push(`${slot} ${last ?? 'none'}`);
  }
  return ranges.join('\n');
}

function hasMethod(client: unknown, method: string): boolean {
  return (
    typeof client === 'object' &&
    client !== null &&
    method in client &&
    typeof (client as Readonly<Record<string, unknown>>)[method] === 'function'
  );
}

function isCluster(client: IoredisLike): boolean {
  return (client as unknown as ClientShape).isCluster === true;
}

/** True if the client is one of ioredis or iovalkey. */
export function isIoredis(client: RedisClient): client is IoredisLike {
  return hasMethod(client, 'call') && 'options' in client;
}

function isNodeRedisCluster(client: RedisClient): client is NodeRedisClusterLike {
  return hasMethod(client, 'sendCommand') && 'masters' in client;
}

function isNodeRedis(client: RedisClient): client is NodeRedisLike {
  return hasMethod(client, 'sendCommand');
}

function isPort(client: RedisClient): client is RedisPort {
  return hasMethod(client, 'send');
}

/** The Cluster client of ioredis or iovalkey. */
interface IoredisCluster {
  nodes(role: 'master'): readonly IoredisLike[];
}

/** The Cluster client of node-redis. */
interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  nodeClient(node: unknown): Promise<{ sendCommand(args: string[]): Promise<unknown> }>;
}

/** A command for every primary. */
export interface PrimaryCommand {
  /** The key that selects the primary if the client cannot address all of them. */
  readonly key: string;
  readonly args: readonly string[];
  /** Bounds the wait for each node, so that a silent node does not use up the time of the others. */
  within(reply: Promise<unknown>): Promise<unknown>;
}

/**
 * Sends a command to every primary and returns the replies of those that respond.
 *
 * @throws the error of the first primary if all of them fail
 */
export async function sendToPrimaries(
  client: RedisClient,
  port: RedisPort,
  { key, args, within }: PrimaryCommand,
): Promise<readonly unknown[]> {
  const [command = '', ...rest] = args;
  let sent: readonly Promise<unknown>[] = [];
  if (port.isCluster && isIoredis(client) && 'nodes' in client) {
    const { nodes } = client as unknown as IoredisCluster;
    sent = nodes.call(client, 'master').map((node) => node.call(command, ...rest));
  } else if (port.isCluster && 'masters' in client && 'nodeClient' in client) {
    const cluster = client as unknown as NodeRedisCluster;
    sent = cluster.masters.map(async (primary) =>
      (await cluster.nodeClient(primary)).sendCommand([...args]),
    );
  }
  if (sent.length === 0) sent = [port.send(key, false, args)];
  const outcomes = await Promise.allSettled(sent.map(within));
  const replies = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  const [first] = outcomes;
  if (replies.length === 0 && first?.status === 'rejected') throw first.reason;
  return replies;
}
