import { UsageError } from '@sess/core';

/** What the store needs of a client: one command at a time, on the node that is master for a key. */
export interface RedisPort {
  /** Sends a command. Strings come back as strings, integers as numbers, lists as arrays, nil as null. Errors reject. */
  send(key: string, isReadOnly: boolean, args: readonly string[]): Promise<unknown>;
  /** Whether keys live on several nodes, so that a command may touch one only. */
  readonly isCluster: boolean;
  /** Calls back at every new connection, new master, and node that is found or lost; answers a stop. */
  onReconnect?(listener: () => void): () => void;
}

/** Clients tell of their connections by events. */
interface Emitter {
  /** Of an ioredis Cluster: the nodes of each slot, its master first. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

const RECONNECTING = ['ready', '+node', '-node', 'node-ready'] as const;

/** ioredis and iovalkey, single server, Sentinel or Cluster. */
export interface IoredisLike {
  call(command: string, ...args: string[]): Promise<unknown>;
  readonly options: object;
}

/** node-redis, single server or Sentinel. */
export interface NodeRedisLike {
  sendCommand(args: string[]): Promise<unknown>;
  readonly isOpen: boolean;
}

/** node-redis, cluster. */
export interface NodeRedisClusterLike {
  sendCommand(key: string, isReadOnly: boolean, args: string[]): Promise<unknown>;
  readonly masters: readonly unknown[];
}

/** Any client that a store can be put on. It stays the caller's: the store neither connects nor closes it. */
export type RedisClient = IoredisLike | NodeRedisLike | NodeRedisClusterLike | RedisPort;

/**
 * Finds the way to talk through a client.
 *
 * @throws UsageError `invalid_argument` for what is no client
 */
export function createPort(client: RedisClient): RedisPort {
  if (isIoredis(client)) {
    return {
      isCluster: 'isCluster' in client && client.isCluster === true,
      send: (_key, _isReadOnly, [command = '', ...args]) =>
        client.call(command, ...args).catch(forgetCommand),
      ...createReconnectPort(client),
    };
  }
  if (isNodeRedisCluster(client)) {
    return {
      isCluster: true,
      send: (key, isReadOnly, args) => client.sendCommand(key, isReadOnly, [...args]),
      ...createReconnectPort(client),
    };
  }
  if (isNodeRedis(client)) {
    return {
      isCluster: false,
      send: (_key, _isReadOnly, args) => client.sendCommand([...args]),
      ...createReconnectPort(client),
    };
  }
  if (isPort(client)) return client;
  throw new UsageError(
    'invalid_argument',
    'redisStore() and redisDenylist() take a client first, as in redisStore(new Redis(url, failFast)): one of ioredis, iovalkey or node-redis, or an object with send(key, isReadOnly, args).',
  );
}

/**
 * These clients put the command onto the error that it failed with, and a command holds a session: digests, the subject,
 * its data. The error goes on to listeners, and as a cause to whoever prints it.
 */
function forgetCommand(error: unknown): never {
  for (let at = error; at instanceof Error; at = 'lastNodeError' in at && at.lastNodeError) {
    Reflect.deleteProperty(at, 'command');
  }
  throw error;
}

function createReconnectPort(client: RedisClient): Partial<Pick<RedisPort, 'onReconnect'>> {
  if (!has(client, 'on') || !has(client, 'off')) return {};
  const emitter = client as unknown as Emitter;
  return {
    onReconnect(listener) {
      let masters = showMasters(emitter);
      // A replica that takes over is a node that was known, and the old master sends on whoever asks it: no
      // connection breaks, and no call fails.
      const onRefresh = (): void => {
        const before = masters;
        masters = showMasters(emitter);
        if (masters !== before) listener();
      };
      for (const event of RECONNECTING) emitter.on(event, listener);
      emitter.on('refresh', onRefresh);
      return () => {
        for (const event of RECONNECTING) emitter.off(event, listener);
        emitter.off('refresh', onRefresh);
      };
    },
  };
}

/** Who is master of which slots, as text. */
function showMasters({ slots = [] }: Emitter): string {
  const ranges: string[] = [];
  let last: string | undefined;
  for (const [slot, nodes] of slots.entries()) {
    if (nodes?.[0] === last) continue;
    last = nodes?.[0];
    ranges.push(`${slot} ${last ?? 'nobody'}`);
  }
  return ranges.join('\n');
}

function has(client: unknown, method: string): boolean {
  return (
    typeof client === 'object' &&
    client !== null &&
    method in client &&
    typeof (client as Readonly<Record<string, unknown>>)[method] === 'function'
  );
}

export function isIoredis(client: RedisClient): client is IoredisLike {
  return has(client, 'call') && 'options' in client;
}

function isNodeRedisCluster(client: RedisClient): client is NodeRedisClusterLike {
  return has(client, 'sendCommand') && 'masters' in client;
}

function isNodeRedis(client: RedisClient): client is NodeRedisLike {
  return has(client, 'sendCommand');
}

function isPort(client: RedisClient): client is RedisPort {
  return has(client, 'send');
}
