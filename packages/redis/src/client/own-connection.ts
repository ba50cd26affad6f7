import { UsageError } from '@sess/core';
import { createPort, isIoredis, type RedisClient, type RedisPort } from './redis-port.js';

/** A connection of the store's own, made like the caller's. */
export interface OwnConnection {
  readonly port: RedisPort;
  close(): Promise<void>;
}

/** What clients have to copy themselves, and to end the copy. */
interface Duplicable {
  duplicate(): Duplicable & RedisClient;
  connect(): Promise<unknown>;
  disconnect?(): void;
  destroy?(): void;
  on(event: 'error', listener: () => void): unknown;
}

/**
 * Opens one more connection to the server of `client`.
 *
 * @throws UsageError `invalid_option` on a Cluster, and for clients that cannot be copied
 */
export function openOwnConnection(client: RedisClient): OwnConnection {
  if (createPort(client).isCluster || !('duplicate' in client)) {
    throw new UsageError(
      'invalid_option',
      'durability needs a client of one server or Sentinel that has duplicate(). On a Cluster set min-replicas-to-write on the servers instead.',
    );
  }
  const copy = (client as unknown as Duplicable).duplicate();
  // Failures show in the calls that need the connection; an event nobody listens to would end the process.
  copy.on('error', () => {});
  if (!isIoredis(copy)) void copy.connect().catch(() => {});
  return {
    port: createPort(copy),
    async close() {
      if (copy.destroy === undefined) copy.disconnect?.();
      else copy.destroy();
    },
  };
}
