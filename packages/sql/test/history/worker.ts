// One process of the application, with an engine on a SQL database.
import { mysqlStore } from '@sess/sql/mysql';
import { postgresStore } from '@sess/sql/postgres';
import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import { readConfig, serveOrders } from '../../../../test/history/serve-orders.js';

/** What a worker process is started with. */
export interface WorkerConfig {
  readonly dialect: 'postgres' | 'mysql' | 'sqlite';
  /** The address of the server, or the name of the file. */
  readonly address: string;
  readonly grace: `${number}s`;
}

const { dialect, address, grace } = readConfig<WorkerConfig>();

function openStore() {
  switch (dialect) {
    case 'postgres': {
      const pool = new pg.Pool({ connectionString: address, connectionTimeoutMillis: 5_000 });
      return postgresStore(pool);
    }
    case 'mysql':
      return mysqlStore(createPool({ uri: address, connectTimeout: 5_000 }));
    case 'sqlite': {
      const db = new Database(address);
      db.exec('PRAGMA journal_mode = WAL');
      db.exec('PRAGMA busy_timeout = 1000');
      return sqliteStore(db);
    }
  }
}

const store = openStore();
serveOrders({ store, grace, ready: store.ready() });
