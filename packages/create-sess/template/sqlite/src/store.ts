import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';

/** Opens the store of sessions, in a file. */
export async function openStore() {
  const database = new Database(process.env['DATABASE_FILE'] ?? 'sessions.db');
  const store = sqliteStore(database);
  await store.migrate();
  return { store, close: async () => database.close() };
}
