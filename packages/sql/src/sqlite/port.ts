import { UsageError } from '@sess/core';
import type { Row, Value } from '../store/dialect.js';
import type { Statement } from './statements.js';

/** A statement with its values, in the order of its `?`. */
export type BoundStatement = readonly [statement: Statement, values: readonly Value[]];

/** All that the store needs of a SQLite client. */
export interface SqlitePort {
  /** Runs one statement that only reads and returns its rows. */
  read(statement: BoundStatement): Promise<readonly Row[]>;
  /** Runs statements in one write transaction and returns the rows of each. */
  batch(statements: readonly BoundStatement[]): Promise<readonly (readonly Row[])[]>;
  /** Runs statements without values, one by one. */
  exec(texts: readonly string[]): Promise<void>;
  /** Closes the database, if the store opened it. */
  close?(): void;
}

/** `never` accepts the parameters of every client: some declare types that exclude null, though they take it. */
interface SyncStatement {
  all(...values: never[]): unknown;
  run(...values: never[]): unknown;
}

/** node:sqlite, better-sqlite3, libsql and bun:sqlite, as far as they are used. */
export interface SyncSqliteLike {
  prepare(text: string): SyncStatement;
  exec(text: string): unknown;
  close(): unknown;
}

/** `@libsql/client`, as far as it is used. */
export interface LibsqlClientLike {
  execute(statement: {
    sql: string;
    args: Value[];
  }): Promise<{ readonly rows: readonly unknown[] }>;
  batch(
    statements: { sql: string; args: Value[] }[],
    mode: 'write',
  ): Promise<readonly { readonly rows: readonly unknown[] }[]>;
}

interface D1Statement {
  bind(...values: Value[]): D1Statement;
  all(): Promise<{ readonly results: readonly unknown[] }>;
}

/** A D1 binding of Cloudflare Workers, as far as it is used. */
export interface D1Like {
  prepare(text: string): D1Statement;
  batch(statements: never[]): Promise<readonly { readonly results: readonly unknown[] }[]>;
}

export type SqliteClient = SyncSqliteLike | LibsqlClientLike | D1Like;

/**
 * Returns the port of a client, which is recognised by its shape.
 * @throws {UsageError} `invalid_option` for anything else
 */
export function createSqlitePort(client: SqliteClient): SqlitePort {
  if (typeof client === 'object' && client !== null) {
    if ('execute' in client && 'batch' in client) return ofLibsqlClient(client);
    if ('prepare' in client && 'batch' in client) return ofD1(client);
    if ('prepare' in client && 'exec' in client) return ofSync(client);
  }
  throw new UsageError(
    'invalid_option',
    'sqliteStore: expected a file name, or a database of node:sqlite, better-sqlite3, libsql, @libsql/client, bun:sqlite or D1, got something else.',
  );
}

/** These drivers run a statement within the call, so that no other code runs inside a transaction. */
function ofSync(db: SyncSqliteLike): SqlitePort {
  const prepared = new Map<string, SyncStatement>();

  function run([{ text, isQuery }, values]: BoundStatement): readonly Row[] {
    let statement = prepared.get(text);
    if (statement === undefined) {
      statement = db.prepare(text);
      prepared.set(text, statement);
    }
    const parameters = values as never[];
    if (isQuery) return statement.all(...parameters) as readonly Row[];
    statement.run(...parameters);
    return [];
  }

  function atomically<Result>(work: () => Result): Result {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }

  return {
    read: async (statement) => run(statement),
    batch: async (statements) => atomically(() => statements.map(run)),
    async exec(texts) {
      // Another process must not find the table of the label without the label.
      atomically(() => {
        for (const text of texts) db.exec(text);
      });
    },
  };
}

function ofLibsqlClient(client: LibsqlClientLike): SqlitePort {
  const toSql = ([{ text }, values]: BoundStatement) => ({ sql: text, args: [...values] });
  return {
    async read(statement) {
      return (await client.execute(toSql(statement))).rows as readonly Row[];
    },
    async batch(statements) {
      const results = await client.batch(statements.map(toSql), 'write');
      return results.map(({ rows }) => rows as readonly Row[]);
    },
    async exec(texts) {
      await client.batch(
        texts.map((sql) => ({ sql, args: [] })),
        'write',
      );
    },
  };
}

function ofD1(db: D1Like): SqlitePort {
  const bind = ([{ text }, values]: BoundStatement) => db.prepare(text).bind(...values);
  return {
    async read(statement) {
      return (await bind(statement).all()).results as readonly Row[];
    },
    async batch(statements) {
      const results = await db.batch(statements.map(bind) as never[]);
      return results.map((result) => result.results as readonly Row[]);
    },
    async exec(texts) {
      await db.batch(texts.map((text) => db.prepare(text)) as never[]);
    },
  };
}
