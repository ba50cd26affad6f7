import { INVALIDATION_CHANNEL, LINK_NAME, type OpenLink, toKeys, trackingCommand } from './link.js';

/** What is used of a connection of node-redis. */
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

/** A client of node-redis for one server. */
export interface NodeRedisSource {
  duplicate(overrides: object): NodeRedisConnection;
  readonly options?: { readonly socket?: object };
}

/** A link over node-redis. */
export function createNodeRedisLink(source: NodeRedisSource): OpenLink {
  return (prefix, events) => {
    const connection = source.duplicate({
      RESP: 2,
      name: LINK_NAME,
      disableOfflineQueue: false,
      // These want RESP3, and are about connections of another use.
      clientSideCache: undefined,
      emitInvalidate: false,
      maintNotifications: 'disabled',
      // A link lives once.
      socket: { ...source.options?.socket, reconnectStrategy: false, connectTimeout: 1_500 },
    });
    connection.on('error', events.onEnd);
    connection.on('end', events.onEnd);

    async function establish(): Promise<void> {
      await connection.connect();
      const id = await connection.sendCommand(['CLIENT', 'ID']);
      await connection.sendCommand(trackingCommand(id, prefix));
      const onMessage = (message: unknown): void => events.onInvalidate(toKeys(message));
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
