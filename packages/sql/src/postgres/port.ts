import { UsageError } from '@sess/core';
import type { Row } from '../store/dialect.js';
import type { Statement } from './statements.js';

/** Events of a connection that listens. */
export interface ListenEvents {
  onNotice(payload: string): void;
  /** The connection has ended, or was replaced. */
  onEnd(): void;
}

/** A connection that listens to one channel. */
export interface Listening {
  /** Resolves when every further notice will arrive. */
  readonly established: Promise<void>;
  /** Closes it immediately. */
  close(): void;
}

/** All that the store needs of a PostgreSQL client. */
export interface PostgresPort {
  /** Runs one statement in autocommit and returns its rows. */
  query(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs statements in one READ COMMITTED transaction and returns the rows of the last. */
  batch(statements: readonly (readonly [Statement, readonly unknown[]])[]): Promise<readonly Row[]>;
  /** Calls `listener` when an idle connection has ended. Returns a function that unsubscribes. */
  onReconnect?(listener: () => void): () => void;
  /** Listens on a connection that is used for nothing else. Only a near cache needs it. */
  listen?(channel: string, events: ListenEvents): Listening;
  /** True if the client has not been ended. Default: always. */
  isOpen?(): boolean;
}

/** `pg.Pool`, as far as it is used. */
export interface PgPoolLike {
  query(config: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  connect(): Promise<PgClientLike>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
  readonly ending?: boolean;
  readonly options?: object;
  /** The class of its clients, of which the near cache creates one with the same options. */
  readonly Client?: new (
    options: never,
  ) => PgListenerLike;
}

/** A `pg.Client`, as far as a near cache uses it. */
export interface PgListenerLike {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  on(event: 'notification', listener: (message: { readonly payload?: string }) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  end(): Promise<unknown>;
  unref?(): void;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

export interface PgClientLike {
  query(config: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
  /** Milliseconds after which pg gives up, and closes the connection. */
  readonly query_timeout?: number;
}

/** The tagged function of postgres.js, as far as it is used. */
export interface PostgresJsLike {
  unsafe(
    text: string,
    values?: never[],
    options?: { readonly prepare?: boolean },
  ): PromiseLike<readonly unknown[]>;
  begin(
    options: string,
    work: (sql: Pick<PostgresJsLike, 'unsafe'>) => Promise<unknown>,
  ): Promise<unknown>;
  listen?(
    channel: string,
    onNotice: (payload: string) => void,
    onListen: () => void,
  ): Promise<{ unlisten(): Promise<unknown> }>;
}

/** PGlite, as far as it is used. */
export interface PgliteLike {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  transaction(work: (tx: Pick<PgliteLike, 'query'>) => Promise<unknown>): Promise<unknown>;
  listen?(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<unknown>>;
  readonly waitReady?: unknown;
}

/** The clients that `postgresStore` takes: a `pg.Pool`, a postgres.js function, PGlite, or a port. */
export type PostgresClient = PgPoolLike | PostgresJsLike | PgliteLike | PostgresPort;

/**
 * Returns the port of a client, which is recognised by its shape.
 *
 * @param options.timeout milliseconds after which a connection of a `pg.Pool` is closed if its server is silent
 * @param options.prepare `false` sends unnamed statements, which poolers in transaction mode need
 * @throws {UsageError} `invalid_option` for anything else
 */
export function createPostgresPort(
  client: PostgresClient,
  { prepare, timeout }: { readonly prepare: boolean; readonly timeout: number },
): PostgresPort {
  if (isObject(client)) {
    if ('batch' in client) return client;
    if ('unsafe' in client && 'begin' in client) return ofPostgresJs(client, prepare);
    if ('transaction' in client) return ofPglite(client);
    if ('connect' in client && 'listenerCount' in client && 'totalCount' in client) {
      return ofPool(client, { prepare, timeout });
    }
  }
  throw new UsageError(
    'invalid_option',
    'postgresStore: expected a pg.Pool, a postgres.js function, a PGlite instance or a port with "query" and "batch", got something else. A single pg.Client does not do: it cannot reconnect.',
  );
}

function ofPool(
  pool: PgPoolLike,
  { prepare, timeout }: { readonly prepare: boolean; readonly timeout: number },
): PostgresPort {
  // Without a listener, an idle connection that the server closes ends the process.
  if (pool.listenerCount('error') === 0) pool.on('error', () => undefined);
  const config = ({ name, text }: Statement, values: readonly unknown[]): PgQuery => ({
    text,
    values: [...values],
    // A connection that became silent would stay in the pool, with a call that never ends. Migrations have no name,
    // and take as long as they take.
    ...(name === '' ? {} : { query_timeout: timeout }),
    ...(prepare ? { name } : {}),
  });
  return {
    async query(statement, values) {
      return (await pool.query(config(statement, values))).rows as readonly Row[];
    },
    async batch(statements) {
      const client = await pool.connect();
      // While a client is out of the pool, an error of its connection without a listener ends the process.
      client.on('error', ignore);
      try {
        let rows: readonly unknown[] = [];
        await client.query({
          text: 'BEGIN ISOLATION LEVEL READ COMMITTED',
          query_timeout: timeout,
        });
        for (const [statement, values] of statements) {
          rows = (await client.query(config(statement, values))).rows;
        }
        await client.query({ text: 'COMMIT', query_timeout: timeout });
        client.release();
        return rows as readonly Row[];
      } catch (error) {
        // The transaction may still be open: the connection must not go back to the pool.
        client.release(true);
        throw error;
      } finally {
        client.off('error', ignore);
      }
    },
    onReconnect(listener) {
      pool.on('error', listener);
      return () => void pool.off('error', listener);
    },
    ...listenOfPool(pool),
  };
}

function listenOfPool(pool: PgPoolLike): Pick<PostgresPort, 'listen' | 'isOpen'> {
  const { Client, options } = pool;
  if (Client === undefined) return {};
  return {
    isOpen: () => pool.ending !== true,
    listen(channel, { onNotice, onEnd }) {
      const client = new Client(options as never);
      client.on('error', onEnd);
      client.on('end', onEnd);
      client.on('notification', ({ payload = '' }) => onNotice(payload));

      async function establish(): Promise<void> {
        await client.connect();
        // A process whose other work is done may exit.
        client.unref?.();
        await client.query(`LISTEN "${channel}"`);
      }

      return {
        established: establish(),
        close() {
          // The end of a connection that failed is no further failure.
          client.end().catch(() => {});
          // A silent server would not confirm a graceful end.
          client.connection?.stream?.destroy();
        },
      };
    },
  };
}

/** Of a client that manages the connection by itself: it is stopped as soon as it has started. */
function listenWith(start: () => Promise<() => unknown>): Listening {
  const started = start();
  return {
    established: started.then(() => {}),
    close() {
      started.then((stop) => stop()).catch(() => {});
    },
  };
}

function ignore(): void {}

function ofPostgresJs(sql: PostgresJsLike, prepare: boolean): PostgresPort {
  return {
    async query({ text }, values) {
      return (await sql.unsafe(text, values as never[], { prepare })) as readonly Row[];
    },
    async batch(statements) {
      const rows = await sql.begin('isolation level read committed', async (tx) => {
        let last: readonly unknown[] = [];
        for (const [{ text }, values] of statements) {
          last = await tx.unsafe(text, values as never[], { prepare });
        }
        return last;
      });
      return rows as readonly Row[];
    },
    ...(sql.listen === undefined
      ? {}
      : {
          listen: (channel, { onNotice, onEnd }) =>
            listenWith(async () => {
              let connections = 0;
              const listening = await sql.listen?.(channel, onNotice, () => {
                connections += 1;
                // It listens again by itself: notices in between are lost.
                if (connections > 1) onEnd();
              });
              return () => listening?.unlisten();
            }),
        }),
  };
}

function ofPglite(db: PgliteLike): PostgresPort {
  return {
    async query({ text }, values) {
      return (await db.query(text, [...values])).rows as readonly Row[];
    },
    async batch(statements) {
      const rows = await db.transaction(async (tx) => {
        let last: readonly unknown[] = [];
        for (const [{ text }, values] of statements)
          last = (await tx.query(text, [...values])).rows;
        return last;
      });
      return rows as readonly Row[];
    },
    ...(db.listen === undefined
      ? {}
      : {
          listen: (channel, { onNotice }) =>
            listenWith(async () => (await db.listen?.(channel, onNotice)) ?? (() => undefined)),
        }),
  };
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
