import { mysqlStore } from '@sess/sql/mysql';
import { postgresStore } from '@sess/sql/postgres';
import { sqliteStore } from '@sess/sql/sqlite';
import { startMariadb, startPostgres } from '@sess/test-servers';
import Database from 'libsql';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import type { SqlStore } from '../../src/store/sql-store.js';

/** What some calls took of the database. */
export interface Cost {
  /** Pages or rows that it visited; `undefined` if it does not count them. */
  readonly visits: number | undefined;
  /** Microseconds of the database; of the whole call where that cannot be told apart. */
  readonly microseconds: number;
}

/** A database whose work is measured. */
export interface MeasuredDatabase {
  readonly store: SqlStore;
  /** Sends a statement past the store. */
  run(text: string): Promise<unknown>;
  measure(work: () => Promise<unknown>): Promise<Cost>;
  /** An expression for a sid: the tag, then sixteen characters from a series and a number. */
  sidOf(tag: string, series: number, number: string): string;
  close(): Promise<void>;
}

/** Sign-ins wait behind each other, on a machine that is busy. */
const TIMEOUT = '10s';

/** Counts the pages that statements on the store's tables touch, and their time, by pg_stat_statements. */
export async function openPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<MeasuredDatabase> {
  const server = await startPostgres({
    ...settings,
    shared_preload_libraries: 'pg_stat_statements',
    // Statements that check constraints are a part of the others.
    'pg_stat_statements.track': 'top',
  });
  const pool = new pg.Pool({ connectionString: server.url });
  await pool.query('CREATE EXTENSION pg_stat_statements');
  const store = postgresStore(pool, { timeout: TIMEOUT, sweep: false });
  await store.migrate();
  return {
    store,
    run: (text) => pool.query(text),
    sidOf: (tag, series, number) =>
      `'${tag}' || 'copy-${series}-' || lpad(${number}::text, 9, '0')`,
    async measure(work) {
      await pool.query('SELECT pg_stat_statements_reset()');
      await work();
      const { rows } = await pool.query(
        `SELECT sum(shared_blks_hit + shared_blks_read)::float8 AS visits, sum(total_exec_time)::float8 AS milliseconds
         FROM pg_stat_statements WHERE query LIKE '%"sess\\_%'`,
      );
      return { visits: rows[0].visits ?? 0, microseconds: (rows[0].milliseconds ?? 0) * 1_000 };
    },
    async close() {
      await pool.end();
      await server.stop();
    },
  };
}

/** Counts the rows that the one connection of its pool reads and writes. */
export async function openMariadb(): Promise<MeasuredDatabase> {
  const server = await startMariadb();
  const pool = createPool({ uri: server.url, connectionLimit: 1 });
  const store = mysqlStore(pool, { timeout: TIMEOUT, sweep: false });
  await store.migrate();
  const readVisits = async (): Promise<number> => {
    const [rows] = await pool.query<RowDataPacket[]>(
      "SHOW SESSION STATUS WHERE Variable_name RLIKE '^Handler_(read|write|update|delete)'",
    );
    return rows.reduce((sum, row) => sum + Number(row['Value']), 0);
  };
  return {
    store,
    run: (text) => pool.query(text),
    sidOf: (tag, series, number) => `CONCAT('${tag}', 'copy-${series}-', LPAD(${number}, 9, '0'))`,
    async measure(work) {
      // Reading the counters is counted as well.
      const before = await readVisits();
      const own = (await readVisits()) - before;
      const began = performance.now();
      await work();
      const microseconds = (performance.now() - began) * 1_000;
      return { visits: (await readVisits()) - before - 2 * own, microseconds };
    },
    async close() {
      await pool.end();
      await server.stop();
    },
  };
}

/** Measures the processor time of calls: the driver runs them in this process, and in memory no disk is waited for. */
export async function openSqlite(): Promise<MeasuredDatabase> {
  const db = new Database(':memory:');
  const store = sqliteStore(db, { timeout: TIMEOUT, sweep: false });
  await store.migrate();
  return {
    store,
    run: async (text) => db.exec(text),
    sidOf: (tag, series, number) => `'${tag}' || printf('copy-${series}-%09d', ${number})`,
    async measure(work) {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      return { visits: undefined, microseconds: user + system };
    },
    async close() {
      db.close();
    },
  };
}
