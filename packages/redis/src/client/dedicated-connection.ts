import { UsageError } from '@sess/core';
import { createPort, isIoredis, type RedisClient, type RedisPort } from './port.js';

/** A second connection of the store, created like the caller's. */
export interface DedicatedConnection {
  readonly port: RedisPort;
  close(): void;
}

/** The methods by which clients are copied, and the copy is closed. */
interface Duplicable {
  duplicate(): Duplicable & RedisClient;
  connect(): Promise<unknown>;
  disconnect?(): void;
  destroy?(): void;
  on(event: 'error', listener: () => void): unknown;
}

/** True if a second connection can be opened with the options of `client`. */
export function canDuplicate(client: RedisClient): boolean {
  return 'duplicate' in client && typeof client.duplicate === 'function';
}

/** Opens a second connection with the options of `client`. */
export function openDuplicate(client: RedisClient): DedicatedConnection {
  const copy = (client as unknown as Duplicable).duplicate();
  // Failures show in the commands that are sent. An 'error' event without a listener would end the process.
  copy.on('error', () => {});
  if (!isIoredis(copy)) void copy.connect().catch(() => {});
  return {
    port: createPort(copy),
    close() {
      if (copy.destroy === undefined) copy.disconnect?.();
      else copy.destroy();
    },
  };
}

/**
 * Opens the connection that `durability` needs.
 *
 * @throws {UsageError} invalid_option on a Cluster, and for clients without `duplicate()`
 */
export function openDurableConnection(client: RedisClient): DedicatedConnection {
  if (createPort(client).isCluster || !canDuplicate(client)) {
    throw new UsageError(
      'invalid_option',
      'durability: expected a client of one server or Sentinel that has duplicate(). On a Cluster set min-replicas-to-write on the servers instead.',
    );
  }
  return openDuplicate(client);
}
