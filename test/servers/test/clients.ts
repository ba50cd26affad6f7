import { type Cluster, Redis } from 'ioredis';

/** A client that tells every failure at once instead of trying again, so that tests see the network. */
export function redisAt(port: number, more: { commandTimeout?: number } = {}): Redis {
  return quiet(new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 0, ...more }));
}

/** Keeps connection errors from ending the process; the commands that they fail still reject. */
export function quiet<T extends Redis | Cluster>(client: T): T {
  client.on('error', () => {});
  return client;
}
