import { INVALIDATION_CHANNEL, LINK_NAME, type OpenLink, toKeys, trackingCommand } from './link.js';

/** What is used of a connection of ioredis or iovalkey. */
interface IoredisConnection {
  connect(): Promise<unknown>;
  call(command: string, ...args: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (channel: unknown, message: unknown) => void): unknown;
  disconnect(): void;
  readonly stream?: { destroy(): void } | undefined;
}

/** A client that can be copied: for one server, for Sentinel, or for one node of a Cluster. */
export interface IoredisSource {
  duplicate(overrides: object): IoredisConnection;
}

/** What differs from the caller's client, whatever the caller has set. */
const OVERRIDES = {
  // ioredis 6 speaks RESP3 if it is let, and drops invalidations then.
  protocol: 2,
  connectionName: LINK_NAME,
  // It would go before the channel's name too.
  keyPrefix: '',
  lazyConnect: true,
  connectTimeout: 1_500,
  enableOfflineQueue: false,
  // A link lives once.
  retryStrategy: null,
  sentinelRetryStrategy: null,
  reconnectOnError: null,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  monitor: false,
  readOnly: false,
  commandTimeout: undefined,
  // Silence is not a fault on this connection; the heart-beat tells the one from the other.
  socketTimeout: undefined,
} as const;

/** A link over ioredis 5 or 6, or iovalkey. */
export function createIoredisLink(source: IoredisSource): OpenLink {
  return (prefix, events) => {
    const connection = source.duplicate(OVERRIDES);
    // What fails shows in `established` and in 'close'; an error nobody listens to would be printed.
    connection.on('error', () => {});
    connection.on('close', events.onEnd);
    // The event 'message' would join the keys with commas.
    connection.on('messageBuffer', (_channel, message) => events.onInvalidate(toKeys(message)));

    async function establish(): Promise<void> {
      await connection.connect();
      const id = await connection.call('CLIENT', 'ID');
      const [command = '', ...args] = trackingCommand(id, prefix);
      await connection.call(command, ...args);
      await connection.subscribe(INVALIDATION_CHANNEL);
    }

    return {
      established: establish(),
      close() {
        connection.disconnect();
        // A server that is silent would not answer the goodbye either.
        connection.stream?.destroy();
      },
    };
  };
}
