// One process of the application, with an engine on a Redis Cluster.
import { failFastCluster, redisStore } from '@sess/redis';
import { Cluster } from 'ioredis';
import { readConfig, serveOrders } from '../../../../test/history/serve-orders.js';

/** What a worker process is started with. */
export interface WorkerConfig {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  readonly keyPrefix: string;
  readonly grace: `${number}s`;
}

const { endpoints, keyPrefix, grace } = readConfig<WorkerConfig>();
const client = new Cluster([...endpoints], failFastCluster);
// Without a listener each failed attempt would be printed.
client.on('error', () => {});
const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
serveOrders({ store: redisStore(client, { keyPrefix }), grace, ready });
