import { createSessions } from '@sess/core';
import { postgresSchema, postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, startPostgres } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabel } from '../../src/postgres/migrate.js';

let server: PostgresServer;
let pool: pg.Pool;
let run = 0;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

async function createStore(options: { readonly pool?: pg.Pool } = {}) {
  run += 1;
  const table = `own_${run}`;
  const store = postgresStore(options.pool ?? pool, { table });
  await store.migrate();
  return { store, table };
}

describe('migrate', () => {
  it('creates the tables once, also by eight processes at the same time', async () => {
    run += 1;
    const table = `own_${run}`;
    const stores = Array.from({ length: 8 }, () => postgresStore(pool, { table }));
    await Promise.all(stores.map((store) => store.migrate()));
    await stores[0]?.migrate();
    await stores[0]?.ready();
  });

  it('a statement that began before another process created the tables finds none, and not tables without a label', async () => {
    const client = await pool.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT count(*) FROM pg_class');
    const { table } = await createStore();
    const context = {
      call: (_name: string, ask: () => unknown) => ask(),
      port: {
        query: async ({ text }: { readonly text: string }, values: unknown[]) =>
          (await client.query(text, values)).rows,
      },
      names: { session: `${table}_session` },
    };
    expect(await readLabel(context as unknown as Parameters<typeof readLabel>[0])).toBeUndefined();
    await client.query('COMMIT');
    expect(await readLabel(context as unknown as Parameters<typeof readLabel>[0])).toBe(
      'sess schema 1',
    );
    client.release();
  });

  it('creates the same tables as the printed statements', async () => {
    const { table } = await createStore();
    const printed = 'printed';
    for (const text of postgresSchema({ table: printed })) await pool.query(text);
    const columns = async (name: string) =>
      (
        await pool.query(
          `SELECT column_name, data_type, collation_name FROM information_schema.columns WHERE table_name = $1 ORDER BY 1`,
          [`${name}_session`],
        )
      ).rows;
    expect(await columns(printed)).toEqual(await columns(table));
  });

  it('refuses tables of a newer version', async () => {
    const { store, table } = await createStore();
    await pool.query(`COMMENT ON TABLE ${table}_session IS 'sess schema 2'`);
    await expect(store.migrate()).rejects.toThrow('schema version 1 or below, got 2');
  });
});

describe('postgresStore', () => {
  it('reports missing tables without the values of the statement', async () => {
    const store = postgresStore(pool, { table: 'missing' });
    const error = await store.load('secret-sid').catch((thrown: Error) => thrown);
    expect(String(error)).toContain('run store.migrate()');
    expect(String(error)).not.toContain('secret-sid');
  });

  it('refuses a client that it does not know, and an option that it does not know', () => {
    expect(() => postgresStore({} as never)).toThrow('expected a pg.Pool');
    expect(() => postgresStore(pool, { tabel: 'x' } as never)).toThrow(
      "there is no option 'tabel'",
    );
  });

  it('keeps the limit exact and does not deadlock under 64 writers of one subject in two processes', async () => {
    const { table } = await createStore();
    const other = new pg.Pool({ connectionString: server.url });
    const engines = [pool, other].map((client) =>
      createSessions({
        store: postgresStore(client, { table, timeout: '20s' }),
        logger: silentLogger,
        maxPerSubject: 5,
      }),
    );
    const errors: unknown[] = [];
    await Promise.all(
      Array.from({ length: 64 }, async (_unused, n) => {
        const engine = engines[n % 2];
        for (let turn = 0; turn < 3; turn += 1) {
          try {
            const issued = await engine?.create({ subject: 'ada' });
            if (n % 3 === 0 && issued) await engine?.revoke(issued.session.sid);
            if (n === 0 && turn === 1) await engine?.revokeAll('ada');
          } catch (error) {
            errors.push(error);
          }
        }
      }),
    );
    expect(errors).toEqual([]);
    expect((await engines[0]?.list('ada'))?.length).toBeLessThanOrEqual(5);
    await Promise.all(
      engines.flatMap((engine) => [1, 2, 3, 4].map(() => engine.create({ subject: 'ada' }))),
    );
    expect(await engines[1]?.list('ada')).toHaveLength(5);
    await other.end();
  }, 60_000);

  it('reads many sessions of one turn by one statement', async () => {
    const { store } = await createStore();
    const sessions = createSessions({ store, logger: silentLogger });
    const issued = await Promise.all(
      Array.from({ length: 20 }, (_unused, n) => sessions.create({ subject: `user-${n}` })),
    );
    let statements = 0;
    const query = pool.query.bind(pool) as (...given: unknown[]) => unknown;
    pool.query = ((...given: unknown[]) => {
      statements += 1;
      return query(...given);
    }) as typeof pool.query;
    try {
      const results = await Promise.all(
        issued.map(({ accessToken }) => sessions.verify(accessToken)),
      );
      expect(results.every(({ ok }) => ok)).toBe(true);
    } finally {
      pool.query = query as typeof pool.query;
    }
    // One read, and one acknowledgement a session in the background.
    expect(statements).toBeLessThanOrEqual(1 + 20 * 2);
  });

  it('deletes ended sessions, marks and subjects by sweep', async () => {
    const { store, table } = await createStore();
    const sessions = createSessions({ store, logger: silentLogger });
    await sessions.create({ subject: 'ada' });
    await sessions.revokeAll('ada');
    await pool.query(`UPDATE ${table}_mark SET at = at - 120000`);
    await pool.query(
      `UPDATE ${table}_subject SET sweep_at = 0, revoked_before = revoked_before - 1000000`,
    );
    await store.sweep();
    for (const part of ['session', 'subject', 'mark']) {
      const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${table}_${part}`);
      expect(rows[0].n).toBe(0);
    }
  });

  it('serves again after the server was killed and restarted', async () => {
    const { store } = await createStore();
    const sessions = createSessions({ store, logger: silentLogger });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    await server.kill('SIGKILL');
    await expect(sessions.revoke(session.sid)).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.restart();
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revoke(session.sid)).toBe(true);
  }, 60_000);
});
