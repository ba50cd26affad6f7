import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPostgresPort, type PgClientLike, type PgPoolLike } from '../../src/postgres/port.js';

/** A pool with one client, as far as a transaction uses it. */
function createPool(query: PgClientLike['query']) {
  const released: unknown[] = [];
  const client = Object.assign(new EventEmitter(), {
    query,
    release: (error?: unknown) => void released.push(error),
  });
  const pool: PgPoolLike & { readonly totalCount: number } = {
    query,
    connect: async () => client,
    on: () => undefined,
    off: () => undefined,
    listenerCount: () => 1,
    totalCount: 1,
  };
  return { client, pool, released };
}

const STATEMENT = { name: 'sess_lock', text: 'SELECT 1', parameters: 0 };

describe('createPostgresPort', () => {
  it('listens for errors of a connection that it has taken out of the pool, and no longer', async () => {
    const counts: number[] = [];
    const { client, pool, released } = createPool(async () => {
      counts.push(client.listenerCount('error'));
      return { rows: [] };
    });
    const port = createPostgresPort(pool, { prepare: true, timeout: 500 });
    await port.batch([[STATEMENT, []]]);
    expect(counts).toEqual([1, 1, 1]);
    expect(client.listenerCount('error')).toBe(0);
    expect(released).toEqual([undefined]);
  });

  it('closes the connection of a transaction that failed', async () => {
    const { client, pool, released } = createPool(async ({ text }) => {
      if (text === STATEMENT.text) throw new Error('the connection ended');
      return { rows: [] };
    });
    const port = createPostgresPort(pool, { prepare: true, timeout: 500 });
    await expect(port.batch([[STATEMENT, []]])).rejects.toThrow('the connection ended');
    expect(released).toEqual([true]);
    expect(client.listenerCount('error')).toBe(0);
  });

  it('gives statements the timeout of the store, and migrations none', async () => {
    const timeouts: unknown[] = [];
    const { pool } = createPool(async (query) => {
      timeouts.push(query.query_timeout);
      return { rows: [] };
    });
    const port = createPostgresPort(pool, { prepare: true, timeout: 500 });
    await port.query(STATEMENT, []);
    await port.query({ name: '', text: 'CREATE TABLE t ()', parameters: 0 }, []);
    expect(timeouts).toEqual([500, undefined]);
  });
});
