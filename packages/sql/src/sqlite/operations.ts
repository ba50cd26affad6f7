import type { RemoveAllResult } from '@sess/core/store';
import {
  type Row,
  type SessionOutcome,
  type SqlDialect,
  SWEEP_SIZE,
  type Value,
  type WriteResults,
  type WriteValues,
} from '../store/dialect.js';
import type { DatabaseCall } from '../store/errors.js';
import type { TableNames } from '../store/names.js';
import { checkLabel, migrateTables } from '../store/schema.js';
import type { UserReference } from '../store/users.js';
import type { BoundStatement, SqlitePort } from './port.js';
import { labelStatement, tablesOf, usersColumnOf } from './schema.js';
import { createStatements, type Statement, toStatement } from './statements.js';

/** Creates the operations of a store on SQLite: a write is a fixed list of statements in one transaction. */
export function createSqliteDialect(context: {
  readonly port: SqlitePort;
  readonly call: DatabaseCall;
  readonly names: TableNames;
  readonly users: UserReference | undefined;
  /** Whether the store opened the file, and creates its tables when they are first needed. */
  readonly ownsFile: boolean;
}): SqlDialect {
  const { port, call, names, users, ownsFile } = context;
  const statements = createStatements(names, users);
  let tables: Promise<void> | undefined;

  async function ensureTables(): Promise<void> {
    if (ownsFile) tables ??= migrate();
    await tables;
  }

  async function run(name: keyof WriteValues | 'sweep', values: readonly Value[]) {
    await ensureTables();
    return call(name, () => port.batch(statements[name].map((one) => bind(one, values))));
  }

  const readLabel = async (): Promise<string | undefined> => {
    const isHere = await readOne(
      `SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = ?1`,
      [`${names.prefix}_mark`],
    );
    if (isHere === undefined) return undefined;
    const row = await readOne(`SELECT answer FROM ${names.mark} WHERE id = 'schema'`, []);
    return String(row?.['answer']);
  };

  async function readOne(text: string, values: readonly Value[]): Promise<Row | undefined> {
    const rows = await call('migrate', () => port.read(bind(toStatement(text), values)));
    return rows[0];
  }

  const exec = (texts: readonly string[]): Promise<void> => call('migrate', () => port.exec(texts));

  function migrate(): Promise<void> {
    return migrateTables({
      table: names.session,
      readLabel,
      create: () => exec(tablesOf(names)),
      upgrade: (texts, label) => exec([...texts, labelStatement(names, label)]),
      async extend() {
        if (users === undefined) return;
        const text = `SELECT 1 AS one FROM pragma_table_info(?1) WHERE name = 'user_id'`;
        const column = await readOne(text, [`${names.prefix}_session`]);
        if (column === undefined) await exec(usersColumnOf(names, users));
      },
    });
  }

  return {
    async select(name, key) {
      await ensureTables();
      return call(name, () => port.read(bind(statements[name], [key])));
    },
    write: async (name, values) => RESULTS[name](await run(name, values.map(toValue)), values),
    async sweep() {
      await run('sweep', [SWEEP_SIZE]);
    },
    async check() {
      await ensureTables();
      await call('ready', () => port.read(bind(statements.read, [''])));
      checkLabel((await readLabel()) ?? '', names.session);
    },
    migrate,
    close: () => port.close?.(),
  };
}

type ResultRows = readonly (readonly Row[])[];

const RESULTS: {
  readonly [Name in keyof WriteValues]: (
    rows: ResultRows,
    values: WriteValues[Name],
  ) => WriteResults[Name];
} = {
  insert(rows) {
    const row = rows.at(-2)?.[0];
    return {
      status: String(row?.['status']),
      now: Number(row?.['now']),
      revokedBefore: Number(row?.['revoked_before']),
      evicted: typeof row?.['evicted'] === 'string' ? row['evicted'] : null,
    };
  },
  replaceAuth: (rows, values) => replacedOf(rows, values[8]),
  replaceData: (rows, values) => replacedOf(rows, values[3]),
  remove: (rows, [, operation, notAfter]) =>
    outcomeOf(rows, {
      done: 'removed',
      notAfter,
      absent: (row) => (row?.['mark'] === operation ? 'removed' : 'absent'),
      present: () => 'conflict',
    }),
  removeAll(rows): RemoveAllResult {
    const row = rows.at(-1)?.[0];
    const now = Number(row?.['now']);
    const count = row?.['count'] ?? undefined;
    if (count === undefined) return { status: 'late', now };
    return { status: 'removed', count: Number(count), now };
  },
};

function replacedOf(rows: ResultRows, notAfter: number): SessionOutcome {
  return outcomeOf(rows, {
    done: 'replaced',
    notAfter,
    absent: () => 'absent',
    present: (row) => (Number(row['is_mine']) === 1 ? 'repeated' : 'conflict'),
  });
}

/** The first statement returns a row if it wrote; the last one returns the session as it is. */
function outcomeOf(
  rows: ResultRows,
  given: {
    readonly done: string;
    readonly notAfter: number;
    absent(row: Row | undefined): string;
    present(row: Row): string;
  },
): SessionOutcome {
  const [done] = rows[0] ?? [];
  const row = rows.at(-1)?.[0];
  const now = Number(done?.['now'] ?? row?.['now']);
  if (done !== undefined) return { status: given.done, now, row: undefined };
  if (now > given.notAfter) return { status: 'late', now, row: undefined };
  const isHere = typeof row?.['sid'] === 'string' && Number(row['expires_at']) > now;
  return { status: isHere ? given.present(row) : given.absent(row), now, row };
}

function toValue(value: Value): Value {
  return typeof value === 'boolean' ? Number(value) : value;
}

function bind(statement: Statement, values: readonly Value[]): BoundStatement {
  return [statement, statement.order.map((index) => values[index] ?? null)];
}
