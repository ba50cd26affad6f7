import { UsageError } from '@sess/core';
import { createSqlitePort, type SqlitePort, type SyncSqliteLike } from './port.js';

interface Modules {
  readonly getBuiltinModule?: (name: string) => unknown;
}

/**
 * Opens a database file with the SQLite of the runtime (Node 22.5 or later) and returns its port, which closes it.
 * Commits are synced to the disk, so that a sign-out survives a loss of power.
 *
 * @throws {UsageError} `invalid_option` on a runtime without SQLite
 */
export function openFile(path: string): SqlitePort {
  const { getBuiltinModule } = process as Modules;
  const sqlite = getBuiltinModule?.('node:sqlite') as
    | { readonly DatabaseSync: new (path: string) => SyncSqliteLike }
    | undefined;
  if (sqlite === undefined) {
    throw new UsageError(
      'invalid_option',
      `sqliteStore: this runtime (Node ${process.versions.node}) has no built-in SQLite. Install libsql or better-sqlite3 and write sqliteStore(new Database(${JSON.stringify(path)})).`,
    );
  }
  const db = new sqlite.DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000');
  return { ...createSqlitePort(db), close: () => void db.close() };
}
