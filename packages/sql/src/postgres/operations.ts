import type { RemoveAllResult } from '@sess/core/store';
import {
  type Row,
  type SqlDialect,
  SWEEP_SIZE,
  type WriteResults,
  type WriteValues,
} from '../store/dialect.js';
import { checkLabel } from '../store/schema.js';
import { createBatchedReads } from './batched-reads.js';
import { isHarmless } from './errors.js';
import { migrate, readLabel, type TablesContext } from './migrate.js';
import { createStatements } from './statements.js';

/** Repetitions of a write that other transactions kept from happening. */
const MAX_ATTEMPTS = 5;

/** Creates the operations of a store on PostgreSQL: each is one statement in autocommit. */
export function createPostgresDialect(context: TablesContext): SqlDialect {
  const { port, call, names, users } = context;
  const statements = createStatements(names, users);
  const readBatched = createBatchedReads(port, statements);

  /** Locks the subject's row before the statement is sent again, so that its snapshot is newer than the lock. */
  function lockFirst(tag: unknown, name: keyof WriteValues, values: readonly unknown[]) {
    return port.batch([
      [statements.lock, [tag]],
      [statements[name], values],
    ]);
  }

  async function send(name: keyof WriteValues, given: readonly unknown[]): Promise<Row> {
    const values = given.slice(0, statements[name].parameters);
    const tag = { insert: given[1], removeAll: given[0] }[name as string];
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const [row] = await call(name, () =>
        attempt === 1 || tag === undefined
          ? port.query(statements[name], values)
          : lockFirst(tag, name, values),
      );
      // A row that was deleted since the snapshot needs only a newer one.
      if (row !== undefined && row['status'] !== 'again') return row;
    }
    throw new Error(`PostgreSQL kept "${name}" from happening ${MAX_ATTEMPTS} times.`);
  }

  const session = (row: Row) => ({ status: String(row['status']), now: Number(row['now']), row });
  const results: { readonly [Name in keyof WriteValues]: (row: Row) => WriteResults[Name] } = {
    insert: (row) => ({
      status: String(row['status']),
      now: Number(row['now']),
      revokedBefore: Number(row['revoked_before']),
      evicted: typeof row['evicted'] === 'string' ? row['evicted'] : null,
    }),
    replaceAuth: session,
    replaceData: session,
    remove: session,
    removeAll(row): RemoveAllResult {
      const now = Number(row['now']);
      if (row['status'] === 'late') return { status: 'late', now };
      return { status: 'removed', count: Number(row['count']), now };
    },
  };

  return {
    failover: {
      isHarmless,
      onReconnect: (listener) => port.onReconnect?.(listener) ?? (() => undefined),
    },
    async select(name, key) {
      if (name !== 'read') return call(name, () => port.query(statements[name], [key]));
      const row = await call(name, () => readBatched(key));
      return row === undefined ? [] : [row];
    },
    write: async (name, values) => results[name](await send(name, values)),
    async sweep() {
      for (const name of ['sweepMarks', 'sweepSessions', 'sweepSubjects'] as const) {
        await call(name, () => port.query(statements[name], [SWEEP_SIZE]));
      }
    },
    async check() {
      await call('ready', () => port.query(statements.read, ['']));
      checkLabel((await readLabel(context)) ?? '', names.session);
    },
    migrate: () => migrate(context),
  };
}
