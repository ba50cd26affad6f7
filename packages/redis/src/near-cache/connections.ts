import type { ChannelConnection, ChannelEvents } from '@sess/core/internal';

/** The channel on which servers publish invalidations for RESP2 connections. */
const INVALIDATION_CHANNEL = '__redis__:invalidate';

/** The name of the connections in CLIENT LIST. */
const CONNECTION_NAME = 'sess-near-cache';

const CONNECT_TIMEOUT_MS = 1_500;

/** Opens a connection on which the server pushes every change of a key that begins with `prefix`. */
export type OpenTracking = (prefix: string, events: ChannelEvents) => ChannelConnection;

/** Redirected to the connection itself, where invalidations arrive as messages. */
function trackingCommand(clientId: unknown, prefix: string): readonly string[] {
  return ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(clientId), 'BCAST', 'PREFIX', prefix];
}

function toKeys(message: unknown): readonly string[] | undefined {
  return Array.isArray(message) ? message.map(String) : undefined;
}

/** The part of an ioredis or iovalkey connection that is used. */
interface IoredisConnection {
  connect(): Promise<unknown>;
  call(command: string, ...args: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (channel: unknown, message: unknown) => void): unknown;
  disconnect(): void;
  readonly stream?: { destroy(): void } | undefined;
}

/** An ioredis or iovalkey client of one server, of Sentinel, or of one node of a Cluster. */
export interface IoredisSource {
  duplicate(overrides: object): IoredisConnection;
}

/** Options that must not be inherited from the caller's client. */
const IOREDIS_OVERRIDES = {
  // Over RESP3 ioredis 6 drops invalidations.
  protocol: 2,
  connectionName: CONNECTION_NAME,
  // It would be put before the channel's name too.
  keyPrefix: '',
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  enableOfflineQueue: false,
  retryStrategy: null,
  sentinelRetryStrategy: null,
  reconnectOnError: null,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  monitor: false,
  readOnly: false,
  commandTimeout: undefined,
  // This connection may be silent for long; the heartbeat proves that it works.
  socketTimeout: undefined,
} as const;

/** Returns the function that opens a tracking connection by ioredis 5 or 6, or iovalkey. */
export function trackWithIoredis(source: IoredisSource): OpenTracking {
  return (prefix, events) => {
    const connection = source.duplicate(IOREDIS_OVERRIDES);
    // Failures show in `established` and in 'close'. An 'error' without a listener would be printed.
    connection.on('error', () => {});
    connection.on('close', events.onEnd);
    // The event 'message' joins the keys with commas.
    connection.on('messageBuffer', (_channel, message) => events.onChange(toKeys(message)));

    async function establish(): Promise<void> {
      await connection.connect();
      const id = await connection.call('client', 'ID');
      const [, ...args] = trackingCommand(id, prefix);
      await connection.call('client', ...args);
      await connection.subscribe(INVALIDATION_CHANNEL);
    }

    return {
      established: establish(),
      close() {
        connection.disconnect();
        // A silent server would not confirm a graceful end.
        connection.stream?.destroy();
      },
    };
  };
}

/** The part of a node-redis connection that is used. */
interface NodeRedisConnection {
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(
    channel: string,
    listener: (message: unknown) => void,
    inBuffers: true,
  ): Promise<unknown>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  destroy(): void;
  readonly isOpen: boolean;
}

/** A node-redis client of one server. */
export interface NodeRedisSource {
  duplicate(overrides: object): NodeRedisConnection;
  readonly options?: { readonly socket?: object };
}

/** Returns the function that opens a tracking connection by node-redis. */
export function trackWithNodeRedis(source: NodeRedisSource): OpenTracking {
  return (prefix, events) => {
    const connection = source.duplicate({
      RESP: 2,
      name: CONNECTION_NAME,
      disableOfflineQueue: false,
      // These need RESP3, or are for connections of another use.
      clientSideCache: undefined,
      emitInvalidate: false,
      maintNotifications: 'disabled',
      pingInterval: undefined,
      commandOptions: undefined,
      socket: {
        ...source.options?.socket,
        reconnectStrategy: false,
        connectTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: undefined,
      },
    });
    connection.on('error', events.onEnd);
    connection.on('end', events.onEnd);

    async function establish(): Promise<void> {
      await connection.connect();
      const id = await connection.sendCommand(['CLIENT', 'ID']);
      await connection.sendCommand(trackingCommand(id, prefix));
      const onMessage = (message: unknown): void => events.onChange(toKeys(message));
      await connection.subscribe(INVALIDATION_CHANNEL, onMessage, true);
    }

    return {
      established: establish(),
      close() {
        if (connection.isOpen) connection.destroy();
      },
    };
  };
}
