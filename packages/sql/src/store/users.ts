import { option, type Reader, type Readers, readOptions } from '@sess/core/internal';

/** The table of users that sessions belong to. */
export interface UserReference {
  /** Its name, as it is written in the database; with a schema as in `'app.users'`. */
  readonly table: string;
  /** The column that holds the subject of sessions: its primary key, or unique. Default: `'id'`. */
  readonly column?: string;
  /** The SQL type of that column, as in `'bigint'`, `'uuid'` or `'varchar(36)'`. */
  readonly type: string;
}

const READERS = {
  table: option<string>({
    expected: 'the name of a table, as in "users" or "app.users"',
    accepts: (value) =>
      typeof value === 'string' && /^([A-Za-z_]\w{0,62}\.)?[A-Za-z_]\w{0,62}$/.test(value),
  }),
  column: option<string>({
    expected: 'the name of a column',
    accepts: (value) => typeof value === 'string' && /^[A-Za-z_]\w{0,62}$/.test(value),
    default: () => 'id',
  }),
  type: option<string>({
    expected: 'an SQL type, as in "bigint", "uuid" or "varchar(36)"',
    accepts: (value) => typeof value === 'string' && /^[A-Za-z][\w (),]{0,99}$/.test(value),
  }),
} satisfies Readers<UserReference>;

/** Reads the option `users`. Table and type are required. */
export const usersOption: Reader<UserReference | undefined> = (name, value) => {
  if (value === undefined) return undefined;
  const { table, column, type } = readOptions(name, value, READERS, `${name}.`);
  return {
    table: table ?? required(`${name}.table`, READERS.table),
    column,
    type: type ?? required(`${name}.type`, READERS.type),
  };
};

/** Reports an absent option with the message for a wrong one. */
function required(name: string, read: Reader<string | undefined>): never {
  read(name, null);
  throw new Error(name);
}

/** Returns the clause of a column that references the users. */
export function referenceOf(users: UserReference, quote: '"' | '`'): string {
  const quoted = (name: string): string => `${quote}${name}${quote}`;
  const table = users.table.split('.').map(quoted).join('.');
  return `REFERENCES ${table} (${quoted(users.column ?? 'id')}) ON DELETE CASCADE`;
}
