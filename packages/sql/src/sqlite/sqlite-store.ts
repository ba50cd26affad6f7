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
import { createSweeper } from '../store/sweeper.js';
import { redactError } from './errors.js';
import { openFile } from './file.js';
import { createSqlitePort, type Row, type SqliteClient, type Value } from './port.js';
import { createStatements as createTables, SCHEMA_VERSION } from './schema.js';
import { createStatements, type Statement, type Statements } from './statements.js';

const TAG_LENGTH = 16;
const SWEEP_SIZE = 1_000;
/** How long the row of a subject that has no session stays after a revoke-all, beyond the write's deadline. */
const SUBJECT_TTL_MS = 120_000;

export type SqliteStoreOptions = SqlStoreOptions;

/** A session store on SQLite tables. */
export interface SqliteStore extends SessionStore {
  /** Creates the tables that are missing; a no-op if they exist. */
  migrate(): Promise<void>;
  /** Deletes up to 1,000 ended rows of each kind: for schedulers. */
  sweep(): Promise<void>;
}

/**
 * Creates a session store on SQLite. Every write is a fixed list of statements in one transaction. A file that is given
 * by name is opened and closed by the store, and its tables are created when they are first needed.
 *
 * @param database a file name (Node 22.5 or later), or a database of node:sqlite, better-sqlite3, libsql,
 *   `@libsql/client`, bun:sqlite or D1, which stays the caller's
 * @throws {UsageError} `invalid_option`
 */
export function sqliteStore(
  database: string | SqliteClient,
  options: SqliteStoreOptions = {},
): SqliteStore {
  const { table, timeout, sweepInterval } = resolveOptions('sqliteStore', options);
  const names = createTableNames({ table, quote: '"' });
  const statements = createStatements(names);
  const port = typeof database === 'string' ? openFile(database) : createSqlitePort(database);
  const sweeper = createSweeper({ intervalMs: sweepInterval, sweep });
  /** Of a file that the store opened by itself. */
  let tables: Promise<void> | undefined;

  function ensureTables(): Promise<void> | undefined {
    if (typeof database === 'string') tables ??= migrate();
    return tables;
  }

  async function migrate(): Promise<void> {
    await port.exec(createTables(names));
    const text = `SELECT answer FROM ${names.mark} WHERE id = 'schema'`;
    const [row] = await port.read([{ text, order: [], isQuery: true }, []]);
    const version = Number(row?.['answer']);
    if (version <= SCHEMA_VERSION) return;
    throw new Error(
      `${names.session}: expected tables of schema version ${SCHEMA_VERSION} or below, got ${version}. Update @sess/sql, or name other tables with the option "table".`,
    );
  }

  async function read(name: keyof Statements, values: readonly Value[]): Promise<readonly Row[]> {
    await ensureTables();
    const [statement] = statements[name];
    if (statement === undefined) return [];
    return redactError(name, () => port.read([statement, pick(statement, values)]));
  }

  /** Returns the rows of each statement. */
  async function write(
    name: keyof Statements,
    values: readonly Value[],
  ): Promise<readonly (readonly Row[])[]> {
    await ensureTables();
    const list = statements[name].map((statement) => [statement, pick(statement, values)] as const);
    const rows = await redactError(name, () => port.batch(list));
    if (name !== 'sweep') sweeper.afterWrite();
    return rows;
  }

  async function sweep(): Promise<void> {
    await write('sweep', [SWEEP_SIZE]);
  }

  return {
    timeout,
    open: (context) => sweeper.open(context),
    async load(sid) {
      const [row] = await read('load', [sid]);
      return { record: recordOf(toSessionRow(row)), now: Number(row?.['now']) };
    },
    async loadRecord(sid) {
      return recordOf(toSessionRow((await read('read', [sid]))[0]));
    },
    async insert(record, { max, onLimit }, context) {
      const { sid, createdAt, authVersion, dataVersion, auth, data } = record;
      const { replaces, provenAt } = context;
      const columns = authColumns(auth);
      const rows = await write('insert', [
        sid,
        sid.slice(0, TAG_LENGTH),
        createdAt,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        Number(columns.replayed),
        authVersion,
        dataVersion,
        columns.auth,
        encodeData(data),
        Math.min(max, Number.MAX_SAFE_INTEGER),
        Number(onLimit === 'reject'),
        context.operation,
        Math.floor(context.notAfter),
        replaces ?? null,
        provenAt ?? null,
      ]);
      return insertResultOf(rows.at(-2)?.[0]);
    },
    async replaceAuth(sid, expected, auth, context, markReplayed) {
      const columns = authColumns(auth);
      const notAfter = Math.floor(context.notAfter);
      const values = [
        sid,
        expected,
        columns.auth,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        Number(columns.replayed),
        notAfter,
        markReplayed ?? null,
      ];
      const rows = await write('replaceAuth', values);
      return replacedOf({ done: rows[0]?.[0], row: rows[2]?.[0], notAfter });
    },
    async replaceData(sid, expected, data, context) {
      const notAfter = Math.floor(context.notAfter);
      const rows = await write('replaceData', [sid, expected, encodeData(data), notAfter]);
      return replacedOf({ done: rows[0]?.[0], row: rows[1]?.[0], notAfter });
    },
    async remove(sid, context, expected) {
      const notAfter = Math.floor(context.notAfter);
      const rows = await write('remove', [sid, context.operation, notAfter, expected ?? null]);
      const [done, row] = [rows[0]?.[0], rows[2]?.[0]];
      const now = Number(done?.['now'] ?? row?.['now']);
      if (done !== undefined) return { status: 'removed', now };
      if (now > notAfter) return { status: 'late', now };
      const isGone = row?.['sid'] === null || Number(row?.['expires_at']) <= now;
      if (isGone)
        return { status: row?.['mark'] === context.operation ? 'removed' : 'absent', now };
      return removeResultOf('conflict', now, toSessionRow(row));
    },
    async list(tag) {
      const rows = await read('list', [tag]);
      const records = rows.flatMap((row) => recordOf(toSessionRow(row)) ?? []);
      return { records: records.sort(compareByAge), now: Number(rows[0]?.['now']) };
    },
    async removeAll(tag, except, context) {
      const notAfter = Math.floor(context.notAfter);
      const values = [tag, except ?? null, context.operation, notAfter, notAfter + SUBJECT_TTL_MS];
      const row = (await write('removeAll', values)).at(-1)?.[0];
      const now = Number(row?.['now']);
      const count = row?.['count'] ?? undefined;
      if (count === undefined) return { status: 'late', now };
      return { status: 'removed', count: Number(count), now };
    },
    async ready() {
      await read('read', ['']);
    },
    async close() {
      port.close?.();
    },
    migrate,
    sweep,
  };
}

function replacedOf(given: {
  readonly done: Row | undefined;
  readonly row: Row | undefined;
  readonly notAfter: number;
}) {
  const { done, row, notAfter } = given;
  const now = Number(done?.['now'] ?? row?.['now']);
  if (done !== undefined) return { status: 'replaced', now } as const;
  if (now > notAfter) return { status: 'late', now } as const;
  if (row === undefined || row['sid'] === null || Number(row['expires_at']) <= now) {
    return { status: 'absent', now } as const;
  }
  return replaceResultOf(
    Number(row['is_mine']) === 1 ? 'repeated' : 'conflict',
    now,
    toSessionRow(row),
  );
}

function pick({ order }: Statement, values: readonly Value[]): readonly Value[] {
  return order.map((index) => values[index] ?? null);
}

/** The columns are those of the statements, so a cast names what they return. */
function toSessionRow(row: Row | undefined): SessionRow {
  return (row ?? { sid: null }) as unknown as SessionRow;
}
