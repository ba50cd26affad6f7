import { UsageError } from '@sess/core';
import type { Statement } from './statements.js';

/** A row as a client returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** All that the store needs of a PostgreSQL client. */
export interface PostgresPort {
  /** Runs one statement in autocommit and returns its rows. */
  query(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs statements in one READ COMMITTED transaction and returns the rows of the last. */
  batch(statements: readonly (readonly [Statement, readonly unknown[]])[]): Promise<readonly Row[]>;
}

/** `pg.Pool`, as far as it is used. */
export interface PgPoolLike {
  query(config: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  connect(): Promise<PgClientLike>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
}

export interface PgClientLike {
  query(config: PgQuery | string): Promise<{ readonly rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
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
}

/** PGlite, as far as it is used. */
export interface PgliteLike {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  transaction(work: (tx: Pick<PgliteLike, 'query'>) => Promise<unknown>): Promise<unknown>;
  readonly waitReady?: unknown;
}

/** The clients that `postgresStore` takes: a `pg.Pool`, a postgres.js function, PGlite, or a port. */
export type PostgresClient = PgPoolLike | PostgresJsLike | PgliteLike | PostgresPort;

/**
 * Returns the port of a client, which is recognised by its shape.
 *
 * @param options.prepare `false` sends unnamed statements, which poolers in transaction mode need
 * @throws {UsageError} `invalid_option` for anything else
 */
export function createPostgresPort(
  client: PostgresClient,
  { prepare }: { readonly prepare: boolean },
): PostgresPort {
  if (isObject(client)) {
    if ('batch' in client) return client;
    if ('unsafe' in client && 'begin' in client) return ofPostgresJs(client, prepare);
    if ('transaction' in client) return ofPglite(client);
    if ('connect' in client && 'listenerCount' in client && 'totalCount' in client) {
      return ofPool(client, prepare);
    }
  }
  throw new UsageError(
    'invalid_option',
    'postgresStore: expected a pg.Pool, a postgres.js function, a PGlite instance or a port with "query" and "batch", got something else. A single pg.Client does not do: it cannot reconnect.',
  );
}

function ofPool(pool: PgPoolLike, prepare: boolean): PostgresPort {
  // Without a listener, an idle connection that the server closes ends the process.
  if (pool.listenerCount('error') === 0) pool.on('error', () => undefined);
  const config = ({ name, text }: Statement, values: readonly unknown[]): PgQuery => ({
    text,
    values: [...values],
    ...(prepare ? { name } : {}),
  });
  return {
    async query(statement, values) {
      return (await pool.query(config(statement, values))).rows as readonly Row[];
    },
    async batch(statements) {
      const client = await pool.connect();
      try {
        let rows: readonly unknown[] = [];
        await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
        for (const [statement, values] of statements) {
          rows = (await client.query(config(statement, values))).rows;
        }
        await client.query('COMMIT');
        client.release();
        return rows as readonly Row[];
      } catch (error) {
        // The transaction may still be open: the connection must not go back to the pool.
        client.release(true);
        throw error;
      }
    },
  };
}

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
  };
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
