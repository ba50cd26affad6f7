import type { Duration } from '@sess/core';
import { duration, type Reader, type Readers } from '@sess/core/internal';
import { tableOption } from './names.js';
import { type UserReference, usersOption } from './users.js';

/** Options that every SQL store has. */
export interface SqlStoreOptions {
  /** Prefix of the tables. Lower-case letters, digits and `_`. Default: `'sess'`. */
  readonly table?: string;
  /** After this time the engine gives up on a call, and the statement writes nothing. Default: `'1s'`; at most `'30s'`. */
  readonly timeout?: Duration;
  /**
   * Least time between two deletions of ended sessions, which run beside the writes of this process. `false`: none; call
   * `sweep()` from a scheduler then, or the tables grow. Default: `'10s'`.
   */
  readonly sweep?: Duration | false;
  /**
   * The table of users, whose key is the subject of sessions. Deleting a user then deletes the sessions, and a sign-in of
   * an unknown user fails. Default: none. `migrate()` adds the column.
   */
  readonly users?: UserReference;
}

const sweepInterval = duration({ default: '10s' });

/** The readers of these options. Durations become milliseconds; `sweep` becomes `undefined` if it is off. */
export const STORE_READERS: {
  readonly table: Reader<string>;
  readonly timeout: Reader<number>;
  readonly sweep: Reader<number | undefined>;
  readonly users: Reader<UserReference | undefined>;
} = {
  table: tableOption,
  timeout: duration({ default: '1s', min: 10, max: 30_000 }),
  sweep: (name, value) => (value === false ? undefined : sweepInterval(name, value)),
  users: usersOption,
} satisfies Readers<SqlStoreOptions>;

/** Options of a denylist. */
export type SqlDenylistOptions = Pick<SqlStoreOptions, 'table' | 'timeout'>;

/** The readers of a denylist's options. */
export const DENYLIST_READERS: Pick<typeof STORE_READERS, 'table' | 'timeout'> = {
  table: STORE_READERS.table,
  timeout: STORE_READERS.timeout,
};
