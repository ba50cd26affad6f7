import { failFast, redisStore } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  startRedisServer,
  startTcpProxy,
  until,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { type NearStoreOptions, nearCacheSuite } from '@sess/testkit/suites';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, inject } from 'vitest';

let run = 0;

describe('Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterAll(() => server?.stop());

  nearCacheSuite('Redis through ioredis', async () => {
    run += 1;
    const keyPrefix = `near-suite-${run}:`;
    const link = await startTcpProxy({ target: server });
    const closers: (() => unknown)[] = [() => link.close()];
    let channelPort = link.port;

    async function connect(port: number): Promise<Redis> {
      const client = new Redis({ ...failFast, port });
      client.on('error', () => {});
      closers.unshift(() => client.disconnect());
      await until(() => client.status === 'ready', { what: 'the client' });
      return client;
    }

    async function createNear({ through, nearCache }: NearStoreOptions) {
      const isThrough = through === 'client' || through === 'both';
      const client = await connect(isThrough ? link.port : server.port);
      const duplicate = client.duplicate.bind(client);
      client.duplicate = (options) =>
        duplicate({
          ...options,
          port: through === 'channel' || through === 'both' ? channelPort : server.port,
        });
      const store = redisStore(client, { keyPrefix, nearCache: nearCache ?? true });
      closers.unshift(() => store.close());
      return store;
    }

    return {
      createNear,
      createPlain: async () => redisStore(await connect(server.port), { keyPrefix }),
      link: { ...link, delay: (milliseconds) => link.delay(milliseconds) },
      bypass() {
        channelPort = server.port;
      },
      async dropChannels() {
        await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      },
      logger: silentLogger,
      async close() {
        for (const close of closers) await close();
      },
    };
  });
});
