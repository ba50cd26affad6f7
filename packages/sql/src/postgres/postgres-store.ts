import { compareByAge, type SessionStore } from '@sess/core/store';
import { createTableNames } from '../store/names.js';
import { resolveOptions, type SqlStoreOptions } from '../store/options.js';
import {
  authColumns,
  encodeData,
  insertResultOf,
  recordOf,
  removeResultOf,
  replaceResultOf,
  type SessionRow,
} from '../store/rows.js';
import { createSubjectQueue } from '../store/subject-queue.js';
import { createSweeper } from '../store/sweeper.js';
import { createBatchedReads } from './batched-reads.js';
import { isConflict, redactError } from './errors.js';
import { migrate } from './migrate.js';
import { createPostgresPort, type PostgresClient, type Row } from './port.js';
import { createStatements, type Statement, type Statements } from './statements.js';

const TAG_LENGTH = 16;
/** Repetitions of a write that other transactions kept from happening. */
const MAX_ATTEMPTS = 5;
/** Rows of each kind that one sweep deletes. */
const SWEEP_SIZE = 1_000;
/** How long the row of a subject that has no session stays after a revoke-all, beyond the write's deadline. */
const SUBJECT_TTL_MS = 120_000;

export interface PostgresStoreOptions extends SqlStoreOptions {
  /** Schema of the tables. Default: the first of the connection's `search_path`. */
  readonly schema?: string;
  /**
   * Whether statements are prepared once a connection. `false` for poolers in transaction mode (PgBouncer), at the cost
   * of planning each statement. Default: `true`.
   */
  readonly prepare?: boolean;
}

/** A session store on SQL tables. */
export interface SqlStore extends SessionStore {
  /** Creates the tables that are missing; a no-op if they exist. */
  migrate(): Promise<void>;
  /** Deletes up to 1,000 ended rows of each kind: for schedulers. */
  sweep(): Promise<void>;
}

/**
 * Creates a session store on PostgreSQL 13 or later. Every operation is one statement in autocommit; verification
 * reads by primary key and writes nothing.
 *
 * @param client a `pg.Pool`, a postgres.js function, a PGlite instance, or a port. It stays the caller's: `close` does
 *   not end it
 * @throws {UsageError} `invalid_option`
 */
export function postgresStore(
  client: PostgresClient,
  options: PostgresStoreOptions = {},
): SqlStore {
  const { table, timeout, sweepInterval } = resolveOptions('postgresStore', options, [
    'schema',
    'prepare',
  ]);
  const names = createTableNames({ table, schema: options.schema, quote: '"' });
  const statements = createStatements(names);
  const port = createPostgresPort(client, { prepare: options.prepare ?? true });
  const queue = createSubjectQueue();
  const readBatched = createBatchedReads(port, statements);
  const sweeper = createSweeper({ intervalMs: sweepInterval, sweep });

  async function sweep(): Promise<void> {
    for (const name of ['sweepMarks', 'sweepSessions', 'sweepSubjects'] as const) {
      await send(name, (statement) => port.query(statement, [SWEEP_SIZE]));
    }
  }

  /** Sends a statement; again after a serialization failure or a deadlock, of which nothing was written. */
  async function send(
    name: keyof Statements,
    call: (statement: Statement) => Promise<readonly Row[]>,
  ): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call(statements[name]);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isConflict(error)) throw redactError(error, name);
      }
    }
  }

  /** A write of one session row. A row that was deleted since then needs only a newer snapshot. */
  async function writeRow(name: keyof Statements, values: readonly unknown[]): Promise<Row> {
    for (let attempt = 1; ; attempt += 1) {
      const [row] = await send(name, (statement) => port.query(statement, values));
      if (row === undefined) throw new Error(`PostgreSQL returned no row for "${name}".`);
      if (row['status'] === 'again' && attempt < MAX_ATTEMPTS) continue;
      sweeper.afterWrite();
      return row;
    }
  }

  /** A write that holds the subject's row. If another process came between, it is sent with the row locked before. */
  function writeSubject(
    name: keyof Statements,
    tag: string,
    values: readonly unknown[],
  ): Promise<Row> {
    return queue.run(tag, async () => {
      let [row] = await send(name, (statement) => port.query(statement, values));
      for (let attempt = 1; row?.['status'] === 'again' && attempt < MAX_ATTEMPTS; attempt += 1) {
        [row] = await send(name, (statement) =>
          port.batch([
            [statements.lock, [tag]],
            [statement, values],
          ]),
        );
      }
      if (row === undefined || row['status'] === 'again') {
        throw new Error(`PostgreSQL kept "${name}" from happening ${MAX_ATTEMPTS} times.`);
      }
      sweeper.afterWrite();
      return row;
    });
  }

  return {
    timeout,
    open: (context) => sweeper.open(context),
    async load(sid) {
      const [row] = await send('load', (statement) => port.query(statement, [sid]));
      if (row === undefined) throw new Error('PostgreSQL returned no row for "load".');
      return { record: recordOf(toSessionRow(row)), now: Number(row['now']) };
    },
    async loadRecord(sid) {
      try {
        return await readBatched(sid);
      } catch (error) {
        throw redactError(error, 'read');
      }
    },
    async insert(record, { max, onLimit }, write) {
      const { sid, createdAt, authVersion, dataVersion, auth, data } = record;
      const tag = sid.slice(0, TAG_LENGTH);
      const { replaces, provenAt } = write;
      const columns = authColumns(auth);
      const row = await writeSubject('insert', tag, [
        sid,
        tag,
        createdAt,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        columns.replayed,
        authVersion,
        dataVersion,
        columns.auth,
        encodeData(data),
        Math.min(max, Number.MAX_SAFE_INTEGER),
        onLimit === 'reject',
        write.operation,
        Math.floor(write.notAfter),
        replaces ?? null,
        provenAt ?? null,
      ]);
      return insertResultOf(row);
    },
    async replaceAuth(sid, expected, auth, write, markReplayed) {
      const columns = authColumns(auth);
      const row = await writeRow('replaceAuth', [
        sid,
        expected,
        columns.auth,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        columns.replayed,
        Math.floor(write.notAfter),
        markReplayed ?? null,
      ]);
      return replaceResultOf(String(row['status']), Number(row['now']), toSessionRow(row));
    },
    async replaceData(sid, expected, data, write) {
      const values = [sid, expected, encodeData(data), Math.floor(write.notAfter)];
      const row = await writeRow('replaceData', values);
      return replaceResultOf(String(row['status']), Number(row['now']), toSessionRow(row));
    },
    async remove(sid, write, expected) {
      const values = [sid, write.operation, Math.floor(write.notAfter), expected ?? null];
      const row = await writeRow('remove', values);
      return removeResultOf(String(row['status']), Number(row['now']), toSessionRow(row));
    },
    async list(tag) {
      const rows = await send('list', (statement) => port.query(statement, [tag]));
      const records = rows.flatMap((row) => recordOf(toSessionRow(row)) ?? []);
      return { records: records.sort(compareByAge), now: Number(rows[0]?.['now']) };
    },
    async removeAll(tag, except, write) {
      const notAfter = Math.floor(write.notAfter);
      const values = [tag, except ?? null, write.operation, notAfter, notAfter + SUBJECT_TTL_MS];
      const row = await writeSubject('removeAll', tag, values);
      const now = Number(row['now']);
      if (row['status'] === 'late') return { status: 'late', now };
      return { status: 'removed', count: Number(row['count']), now };
    },
    async ready() {
      await send('read', (statement) => port.query(statement, ['']));
    },
    // The client is the caller's, and the store holds nothing else.
    async close() {},
    migrate: () => migrate(port, names),
    sweep,
  };
}

/** The columns are those of the statements, so a cast names what they return. */
function toSessionRow(row: Row): SessionRow {
  return row as unknown as SessionRow;
}
