import { setTimeout as pause } from 'node:timers/promises';
import { memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { failFast, redisStore } from '@sess/redis';
import { postgresStore } from '@sess/sql/postgres';
import { requireServer, startPostgres, startRedisServer } from '@sess/test-servers';
import { createFaultyStore } from '@sess/testkit';
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject } from 'vitest';

/** The store of an application whose process may be restarted, and whose server may be down. */
export interface BoundStore {
  /** Returns the store for a process of the application. */
  connect(): Promise<SessionStore>;
  /** Whether sessions are still there in the next process. */
  readonly outlives: boolean;
  /** From now on nothing can be read or written. Servers are killed. */
  fail(): Promise<void>;
  /** Resolves when sessions can be read again; what was stored before is still there. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Seconds. Longer than an application waits, for a busy machine; shorter than a browser waits for a renewal. */
const TIMEOUT = 5;

const OPENERS = {
  async memory(): Promise<BoundStore> {
    const faulty = createFaultyStore(memoryStore());
    return {
      connect: async () => faulty.store,
      outlives: false,
      fail: async () => faulty.fail(),
      heal: async () => faulty.heal(),
      close: async () => {},
    };
  },

  async redis(): Promise<BoundStore> {
    const binary = requireServer(inject('servers').redis);
    const config = { appendonly: 'yes', appendfsync: 'always' };
    const server = await startRedisServer({ binary, config });
    const clients: Redis[] = [];
    const options = { ...failFast, commandTimeout: TIMEOUT * 1_000 };
    async function connect(): Promise<SessionStore> {
      const client = new Redis(server.url, options);
      client.on('error', () => {});
      clients.push(client);
      await readable(() => client.ping());
      return redisStore(client, { timeout: TIMEOUT });
    }
    return {
      connect,
      outlives: true,
      fail: () => server.kill(),
      async heal() {
        await server.restart();
        await Promise.all(clients.map((client) => readable(() => client.ping())));
      },
      async close() {
        for (const client of clients) client.disconnect();
        await server.stop();
      },
    };
  },

  async postgres(): Promise<BoundStore> {
    const server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url });
    // Connections that wait in the pool report that the server is gone.
    pool.on('error', () => {});
    await postgresStore(pool).migrate();
    return {
      connect: async () => postgresStore(pool, { timeout: TIMEOUT }),
      outlives: true,
      fail: () => server.kill(),
      async heal() {
        await server.restart();
        await readable(() => pool.query('SELECT 1'));
      },
      async close() {
        await pool.end();
        await server.stop();
      },
    };
  },
} satisfies Record<string, () => Promise<BoundStore>>;

export type StoreKind = keyof typeof OPENERS;

export const STORE_KINDS = Object.keys(OPENERS) as readonly StoreKind[];

/** Starts the server of a store, if it has one. */
export function openStore(kind: StoreKind): Promise<BoundStore> {
  return OPENERS[kind]();
}

/** Tries until it succeeds. The timeout of the test ends it otherwise. */
async function readable(read: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const isRead = await read().then(
      () => true,
      () => false,
    );
    if (isRead) return;
    await pause(20);
  }
}
