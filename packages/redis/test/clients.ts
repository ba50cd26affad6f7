import type { RedisClient } from '@sess/redis';
import { failFast, failFastCluster, failFastNodeRedis } from '@sess/redis';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { Redis as Iovalkey, Cluster as ValkeyCluster } from 'iovalkey';
import { createClient, createCluster } from 'redis';

/** A client that is ready, and how to end it. */
export interface OpenClient {
  readonly client: RedisClient;
  close(): Promise<void>;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What ioredis, its earlier version and its fork have in common. */
interface EventedClient {
  once(event: string, listener: (error: Error) => void): unknown;
  on(event: string, listener: () => void): unknown;
  disconnect(): void;
}

async function whenReady<Client extends EventedClient>(client: Client): Promise<Client> {
  // Without a listener each failed attempt would be printed.
  client.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    client.once('ready', () => resolve());
    client.once('end', () => reject(new Error('the client ended before it was ready')));
  });
  return client;
}

async function evented(client: EventedClient & RedisClient): Promise<OpenClient> {
  await whenReady(client);
  return { client, close: async () => client.disconnect() };
}

/** Opens a client of ioredis 6, the one that every change is tried with. */
export const openIoredis = (url: string): Promise<OpenClient> => evented(new Redis(url, failFast));

/** The same with time for a busy machine, where speed is not the subject. */
export const openPatientIoredis = (url: string): Promise<OpenClient> =>
  evented(new Redis(url, { ...failFast, commandTimeout: 20_000 }));

/** Every client that the store is promised to work with, on a single server. */
export const CLIENTS: Readonly<Record<string, (url: string) => Promise<OpenClient>>> = {
  'ioredis 6': openIoredis,
  'ioredis 5': (url) =>
    evented(new Redis5(url, failFast) as unknown as EventedClient & RedisClient),
  iovalkey: (url) => evented(new Iovalkey(url, failFast) as unknown as EventedClient & RedisClient),
  'node-redis 6': async (url) => {
    const client = createClient({ url, ...failFastNodeRedis });
    client.on('error', () => {});
    await client.connect();
    return { client: client as unknown as RedisClient, close: async () => client.destroy() };
  },
};

/** The same, on a Cluster. */
export const CLUSTER_CLIENTS: Readonly<
  Record<string, (endpoints: readonly Endpoint[]) => Promise<OpenClient>>
> = {
  'ioredis 6': (endpoints) => evented(new Cluster([...endpoints], failFastCluster)),
  'ioredis 5': (endpoints) =>
    evented(
      new Cluster5([...endpoints], failFastCluster) as unknown as EventedClient & RedisClient,
    ),
  iovalkey: (endpoints) =>
    evented(
      new ValkeyCluster([...endpoints], failFastCluster) as unknown as EventedClient & RedisClient,
    ),
  'node-redis 6': async (endpoints) => {
    const cluster = createCluster({
      rootNodes: endpoints.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
      defaults: failFastNodeRedis,
    });
    cluster.on('error', () => {});
    await cluster.connect();
    return { client: cluster as unknown as RedisClient, close: async () => cluster.destroy() };
  },
};
