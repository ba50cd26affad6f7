import { createRequire } from 'node:module';
import { createSessions } from '@sess/core';
import { failFast, type RedisClient } from '@sess/redis';
import { requireServer, startRedisServer, until } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, inject, test } from 'vitest';
import { sendRequest, type WireRequest } from '../../../../test/kit.js';
import { createHost } from '../../../express/test/host.js';
import { createEngine } from './arrange.js';

// Express belongs to the adapter's package.
const express = createRequire(new URL('../../../express/package.json', import.meta.url))(
  'express',
) as Parameters<typeof createHost>[0];

/** Clients as an application makes them at its start, not knowing whether anybody listens. */
const CLIENTS: Readonly<
  Record<string, (url: string) => { readonly client: RedisClient; readonly close: () => void }>
> = {
  ioredis: (url) => {
    const client = new Redis(url, failFast);
    client.on('error', () => {});
    return { client, close: () => client.disconnect() };
  },
  'node-redis': (url) => {
    const client = createClient({ url, disableOfflineQueue: true });
    client.on('error', () => {});
    // Resolves when the server is there; it tries until then.
    client.connect().catch(() => {});
    return { client: client as unknown as RedisClient, close: () => client.destroy() };
  },
};

describe('a server that is dead when the application starts', () => {
  test.concurrent.for(Object.keys(CLIENTS))(
    'a dead server gives a 503, and the application recovers without a restart, through %s [store.start, store.fault]',
    async (name, { expect, onTestFinished }) => {
      const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
      onTestFinished(() => server.stop());
      await server.kill();

      const opened = CLIENTS[name]?.(server.url);
      if (opened === undefined) throw new Error(name);
      onTestFinished(opened.close);
      const { sessions } = createEngine(opened.client);
      const host = await createHost(
        express,
        'production',
      )({
        sessions,
        options: { routes: 'all' },
        gate: async () => {},
      });
      onTestFinished(() => host.close());
      const send = (path: string, request?: WireRequest) => sendRequest(host.url + path, request);

      // What a client holds from the time before.
      const earlier = await createSessions({ logger: silentLogger }).create({ subject: 'ada' });
      const bearer = ['Authorization', `Bearer ${earlier.accessToken}`] as const;
      const cookie = ['Cookie', `__Host-sess=${earlier.refreshToken}`] as const;
      const requests = [
        ['GET', '/me', [bearer], undefined],
        ['GET', '/public', [bearer], undefined],
        ['POST', '/session/refresh', [cookie], undefined],
        ['POST', '/session/logout', [cookie], undefined],
        ['POST', '/session/logout-all', [bearer], undefined],
        ['POST', '/login', [], { user: 'ada' }],
      ] as const;
      for (const [method, path, headers, body] of requests) {
        const began = performance.now();
        const answer = await send(path, { method, headers, ...(body ? { body } : {}) });
        expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 503, '1']);
        expect(answer.setCookies).toEqual([]);
        expect(performance.now() - began).toBeLessThan(1_500);
      }
      expect((await send('/public')).status).toBe(200);
      await expect(sessions.ready()).rejects.toThrow();

      await server.restart();
      const login = await until(
        async () => {
          const answer = await send('/login', { method: 'POST', body: { user: 'ada' } });
          return answer.status === 200 && answer;
        },
        { what: 'the first sign-in' },
      );
      const { access_token: token } = JSON.parse(login.text) as { access_token: string };
      const me = await send('/me', { headers: [['Authorization', `Bearer ${token}`]] });
      expect(me.status).toBe(200);
      const [own = ''] = login.setCookies.map((line) => line.split(';')[0] ?? '');
      const refreshed = await send('/session/refresh', {
        method: 'POST',
        headers: [['Cookie', own]],
      });
      expect(refreshed.status).toBe(200);
      // Those who came while it was dead were told nothing about their credentials, and still are not a thief.
      const stale = await send('/session/refresh', { method: 'POST', headers: [cookie] });
      expect([stale.status, stale.setCookies]).toEqual([401, []]);
    },
  );
});
