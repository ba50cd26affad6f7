// One Redis that writes its log each second: a revocation of the last second must not be lost with the process.
import { redisStore } from '@sess/redis';
import { openIoredis } from '../provision.mjs';

const TIMEOUT = '10s';

export async function openRedisHost({ openRestartable }) {
  const server = await openRestartable({ appendonly: 'yes', appendfsync: 'everysec' });
  const admin = await openIoredis(server.url);
  const clients = [admin];
  const openStore = async (options) => {
    const client = await openIoredis(server.url);
    clients.push(client);
    return redisStore(client, { timeout: TIMEOUT, ...options });
  };
  return {
    id: 'live',
    name: 'one Redis',
    openStore,
    openFilling: async () => ({ store: await openStore(), flush: async () => {} }),
    bytes: async () => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))[1]),
    sentBytes: async () =>
      Number(/total_net_output_bytes:(\d+)/.exec(await admin.info('stats'))[1]),
    async processorTime() {
      const info = await admin.info('cpu');
      const seconds = ['user', 'sys'].map((kind) =>
        Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)[1]),
      );
      return (seconds[0] + seconds[1]) * 1e6;
    },
    kill: () => server.kill('SIGKILL'),
    restart: () => server.restart(),
    async close() {
      for (const client of clients) client.disconnect();
    },
  };
}
