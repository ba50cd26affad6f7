// One PostgreSQL that waits for its disk at each commit, as it does by default.
import { postgresStore } from '@sess/sql/postgres';
import { startPostgres } from '@sess/test-servers';
import pg from 'pg';
import { createFillingPort } from './filling-port.mjs';

const TIMEOUT = '10s';
const SETTINGS = { fsync: 'on', shared_buffers: '1GB', max_wal_size: '4GB' };
const TABLES = ['sess_session', 'sess_subject', 'sess_mark'];

export async function openPostgresHost() {
  const server = await startPostgres(SETTINGS);
  const clients = [];
  // The server does not count what it sends; the sockets do, also those that listen.
  class Counted extends pg.Client {
    constructor(options) {
      super(options);
      clients.push(this);
    }
  }
  const pools = [];
  const openPool = () => {
    const pool = new pg.Pool({ connectionString: server.url, Client: Counted });
    pool.on('error', () => {});
    pools.push(pool);
    return pool;
  };
  const admin = openPool();
  const openStore = async (options) => {
    const store = postgresStore(openPool(), { timeout: TIMEOUT, ...options });
    await store.migrate();
    return store;
  };
  const one = async (text, values) => (await admin.query(text, values)).rows[0];

  return {
    id: 'live-sql',
    name: 'one PostgreSQL',
    openStore,
    async openFilling() {
      const port = createFillingPort(admin);
      const store = postgresStore(port, { timeout: '30s', sweep: false });
      return { store, flush: port.flush };
    },
    /** What autovacuum and the checkpointer do within minutes. */
    async settle() {
      await admin.query('VACUUM ANALYZE');
      await admin.query('CHECKPOINT');
    },
    bytes: () => sizeOf(one, 'pg_total_relation_size'),
    async describeBytes(sessions) {
      const [heap, indexes] = [
        await sizeOf(one, 'pg_table_size'),
        await sizeOf(one, 'pg_indexes_size'),
      ].map((bytes) => Math.round(bytes / sessions));
      return `${heap} B of tables and ${indexes} B of indexes a session.`;
    },
    sentBytes: async () =>
      clients.reduce((sum, client) => sum + (client.connection.stream.bytesRead ?? 0), 0),
    /** Lets sessions and their subjects be found by the sweep. */
    async end(sids) {
      for (let n = 0; n < sids.length; n += 1_000) {
        await admin.query(
          `WITH gone AS (
            UPDATE sess_session SET expires_at = 1, sweep_at = 1 WHERE sid = ANY($1::text[]) RETURNING left(sid, 16) AS tag)
          UPDATE sess_subject SET sweep_at = 1 WHERE tag = ANY(ARRAY(SELECT tag FROM gone))`,
          [sids.slice(n, n + 1_000)],
        );
      }
    },
    async hasEnded() {
      const text = (table) => `SELECT sweep_at FROM ${table} ORDER BY sweep_at LIMIT 1`;
      const least = await Promise.all(
        ['sess_session', 'sess_subject'].map((table) => one(text(table))),
      );
      return least.some((row) => Number(row.sweep_at) === 1);
    },
    async describeScans() {
      const { rows } = await admin.query(
        `SELECT relname, seq_scan::float8 AS whole, idx_scan::float8 AS by_index FROM pg_stat_user_tables WHERE relname = ANY($1)`,
        [TABLES],
      );
      const counts = rows.map(
        ({ relname, whole, by_index }) =>
          `${relname} ${by_index.toLocaleString('en')} by index, ${whole} whole`,
      );
      return `Reads of the tables: ${counts.join('; ')}.`;
    },
    kill: () => server.kill('SIGKILL'),
    restart: () => server.restart(),
    async close() {
      for (const pool of pools) await pool.end();
      await server.stop();
    },
  };
}

async function sizeOf(one, measure) {
  const { bytes } = await one(
    `SELECT sum(${measure}(name::regclass))::float8 AS bytes FROM unnest($1::text[]) name`,
    [TABLES],
  );
  return bytes;
}
