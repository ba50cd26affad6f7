import type { EventEmitter } from 'node:events';
import { createSessions } from '@sess/core';
import { jwt } from '@sess/jwt';
import { redisDenylist, redisStore } from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CLIENTS } from '../clients.js';

describe('listeners on the client of the application', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterAll(() => server?.stop());

  it.each(Object.entries(CLIENTS))(
    'stores and denylists on %s leave none after they are closed',
    async (_name, openClient) => {
      const { client, close } = await openClient(server.url);
      const emitter = client as unknown as EventEmitter;
      const count = () =>
        Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]));
      const before = count();
      const names = { keys: 'a secret of thirty-two bytes or more', issuer: 'a', audience: 'b' };
      const settings = [
        { store: redisStore(client) },
        { store: redisStore(client, { nearCache: true }) },
        { store: redisStore(client, { durability: { replicas: 1, timeout: 0.1 } }) },
        {
          store: redisStore(client),
          accessToken: jwt({
            ...names,
            revocation: 'denylist' as const,
            denylist: redisDenylist(client),
          }),
        },
      ];
      for (const options of settings) {
        const sessions = createSessions({ ...options, logger: silentLogger });
        const { accessToken } = await sessions.create({ subject: 'ada' });
        await sessions.verify(accessToken);
        await sessions.close();
      }
      expect(count()).toEqual(before);
      await close();
    },
  );
});
