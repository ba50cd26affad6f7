import { postgresStore } from '@sess/sql/postgres';
import pg from 'pg';

/** Opens the store of sessions, in PostgreSQL. */
export async function openStore() {
  const connectionString = process.env['DATABASE_URL'] ?? 'postgres://localhost/app';
  const pool = new pg.Pool({ connectionString });
  pool.on('error', (error) => console.error('postgres:', error.message));
  const store = postgresStore(pool);
  await store.migrate();
  return { store, close: () => pool.end() };
}
