import { UsageError } from '@sess/core';
import type { Row, Value } from '../store/dialect.js';

/** Sends one statement and returns its rows; none for a write. */
export type Query = (text: string, values?: readonly Value[]) => Promise<readonly Row[]>;

/** All that the store needs of a MySQL client. */
export interface MysqlPort {
  readonly query: Query;
  /** Runs `work` in one READ COMMITTED transaction. */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
  /** Calls `listener` when a connection is opened. Returns a function that unsubscribes. */
  onReconnect?(listener: () => void): () => void;
}

/** A pool of `mysql2/promise`, as far as it is used. */
export interface Mysql2PoolLike {
  execute(text: string, values?: Value[]): Promise<unknown>;
  getConnection(): Promise<Mysql2ConnectionLike>;
  on?(event: 'connection', listener: () => void): unknown;
  off?(event: 'connection', listener: () => void): unknown;
}

export interface Mysql2ConnectionLike {
  execute(text: string, values?: Value[]): Promise<unknown>;
  query(text: string): Promise<unknown>;
  release(): void;
  destroy(): void;
}

export type MysqlClient = Mysql2PoolLike | MysqlPort;

/**
 * Returns the port of a client.
 * @throws {UsageError} `invalid_option` for anything but a pool of `mysql2/promise` or a port
 */
export function createMysqlPort(client: MysqlClient): MysqlPort {
  if (typeof client === 'object' && client !== null) {
    if ('transaction' in client && 'query' in client) return client;
    if ('getConnection' in client && 'execute' in client) return ofPool(client);
  }
  throw new UsageError(
    'invalid_option',
    'mysqlStore: expected a pool of mysql2/promise or a port with "query" and "transaction", got something else.',
  );
}

function ofPool(pool: Mysql2PoolLike): MysqlPort {
  return {
    query: (text, values = []) => rowsOf(pool.execute(text, [...values])),
    async transaction(work) {
      const connection = await pool.getConnection();
      try {
        await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
        await connection.query('START TRANSACTION');
        const result = await work((text, values = []) =>
          rowsOf(connection.execute(text, [...values])),
        );
        await connection.query('COMMIT');
        connection.release();
        return result;
      } catch (error) {
        // The transaction may still be open: the connection must not go back to the pool.
        connection.destroy();
        throw error;
      }
    },
    // The pool reports no connection that ends while it is idle.
    onReconnect(listener) {
      pool.on?.('connection', listener);
      return () => void pool.off?.('connection', listener);
    },
  };
}

async function rowsOf(call: Promise<unknown>): Promise<readonly Row[]> {
  const [rows] = (await call) as readonly [unknown];
  return Array.isArray(rows) ? (rows as readonly Row[]) : [];
}
