import { mysqlDenylist, mysqlStore } from '@sess/sql/mysql';
import { postgresDenylist, postgresStore } from '@sess/sql/postgres';
import { sqliteDenylist, sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import type { OpenStore } from './open-store.js';
import { SettingsError } from './settings.js';

/** Opens a database by the scheme of its URL. */
const OPENERS = {
  'postgres:'(url: string) {
    const pool = new pg.Pool({ connectionString: url });
    return {
      store: postgresStore(pool),
      denylist: postgresDenylist(pool),
      close: () => pool.end(),
    };
  },
  'mysql:'(url: string) {
    const pool = createPool({ uri: url });
    return { store: mysqlStore(pool), denylist: mysqlDenylist(pool), close: () => pool.end() };
  },
  'file:'(url: string) {
    // "file:sessions.db" is relative to the folder that the demo is started in.
    const db = new Database(
      decodeURIComponent(url.slice('file:'.length).replace(/^\/\/(?=\/)/, '')),
    );
    return {
      store: sqliteStore(db),
      denylist: sqliteDenylist(db),
      close: async () => void db.close(),
    };
  },
};

/**
 * Opens PostgreSQL, MySQL or a SQLite file, and creates the tables that are missing. Unlike a Redis, a database must be
 * there at the start.
 *
 * @throws {SettingsError}
 */
export async function openDatabase(url: string): Promise<OpenStore> {
  const scheme = /^[a-z]+:/.exec(url.replace(/^postgresql:/, 'postgres:'))?.[0] ?? '';
  if (!Object.hasOwn(OPENERS, scheme)) {
    // Secrets may be part of the URL, so it is not repeated.
    throw new SettingsError(
      'DATABASE_URL: expected a URL that begins with postgres:, mysql: or file:, such as file:sessions.db.',
    );
  }
  const opened = OPENERS[scheme as keyof typeof OPENERS](url);
  try {
    await opened.store.migrate();
    await opened.denylist.migrate();
    return opened;
  } catch (error) {
    await opened.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(`DATABASE_URL: the tables could not be created. ${reason}`);
  }
}
