import { failFast, redisStore } from '@sess/redis';
import { requireServer, startRedisServer } from '@sess/test-servers';
import { Redis } from 'ioredis';
import { inject } from 'vitest';

/** Starts a Redis for the browser tests. Each store is that of another process. */
export async function startPagesRedis() {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  const clients: Redis[] = [];
  return {
    url: server.url,
    /** Has an `openStore(url)`, for a process of its own. */
    module: new URL('./processes/pages-store.mjs', import.meta.url).href,
    openStore() {
      // Patient, because the browsers of these tests keep the machine busy.
      const options = { ...failFast, enableOfflineQueue: true, commandTimeout: 20_000 };
      const client = new Redis(server.url, options);
      clients.push(client);
      return redisStore(client, { timeout: 20 });
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await server.stop();
    },
  };
}
