import { postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, startPostgres, startTcpProxy } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { type NearCacheHarness, type NearStoreOptions, nearCacheSuite } from '@sess/testkit/suites';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe } from 'vitest';

let run = 0;

/** A client, and what ends it. */
interface Opened {
  readonly client: pg.Pool | postgres.Sql;
  end(): Promise<unknown>;
}

const CLIENTS: Readonly<Record<string, (port: number) => Opened>> = {
  pg(port) {
    const client = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    return { client, end: () => client.end() };
  },
  'postgres.js'(port) {
    const client = postgres({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'postgres',
      onnotice: () => undefined,
    });
    return { client, end: () => client.end({ timeout: 0 }) };
  },
};

describe('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.stop());

  async function createHarness(connect: (port: number) => Opened): Promise<NearCacheHarness> {
    run += 1;
    const table = `near_${process.pid}_${run}`;
    const link = await startTcpProxy({
      target: { host: '127.0.0.1', port: server.port },
      isOpaque: true,
    });
    const admin = new pg.Client(server.url);
    await admin.connect();
    const closers: (() => unknown)[] = [() => admin.end(), () => link.close()];
    let channelPort = link.port;

    function open(port: () => number): pg.Pool | postgres.Sql {
      const { client, end } = connect(port());
      closers.unshift(end);
      return client;
    }

    async function createNear({ through, nearCache }: NearStoreOptions) {
      const isThrough = through === 'client' || through === 'both';
      const client = open(() => (isThrough ? link.port : server.port));
      const listenOn = open(() =>
        through === 'channel' || through === 'both' ? channelPort : server.port,
      );
      // A pool makes each connection from its options.
      if (listenOn instanceof pg.Pool && through !== undefined) {
        Object.defineProperty(listenOn.options, 'port', {
          get: () => (through === 'client' ? server.port : channelPort),
        });
      }
      const store = postgresStore(client, {
        table,
        nearCache: { ...nearCache, listenOn },
        sweep: false,
        timeout: '10s',
      });
      closers.unshift(() => store.close());
      return store;
    }

    const migrating = postgresStore(
      open(() => server.port),
      { table, nearCache: true },
    );
    await migrating.migrate();
    return {
      createNear,
      createPlain: async () =>
        postgresStore(
          open(() => server.port),
          { table, timeout: '10s' },
        ),
      link: { ...link, delay: (milliseconds) => link.delay(milliseconds) },
      bypass() {
        channelPort = server.port;
      },
      async dropChannels() {
        await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen %' AND query LIKE $1",
          [`%"${table}_near"%`],
        );
      },
      logger: silentLogger,
      async close() {
        link.cut();
        for (const close of closers) await close();
      },
    };
  }

  nearCacheSuite('PostgreSQL through pg', () => createHarness(CLIENTS['pg'] as never));
});
