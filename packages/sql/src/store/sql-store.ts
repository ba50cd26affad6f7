import { type ReplayableStore, tagOf, withRevocationReplay } from '@sess/core/internal';
import {
  compareByAge,
  type RemoveAllResult,
  type SessionStore,
  type WriteContext,
} from '@sess/core/store';
import type { Failover, SqlDialect, WriteResults, WriteValues } from './dialect.js';
import {
  authColumns,
  encodeData,
  insertResultOf,
  recordOf,
  removeResultOf,
  replaceResultOf,
} from './rows.js';
import { createSubjectQueue } from './subject-queue.js';
import { createSweeper } from './sweeper.js';

/** How long the row of a subject that has no session stays after a revoke-all, beyond the write's deadline. */
const SUBJECT_TTL_MS = 120_000;

/** A session store on SQL tables. */
export interface SqlStore extends SessionStore {
  /**
   * Creates the tables and columns that are missing, and brings older tables up to date; a no-op if nothing is missing.
   *
   * @throws {Error} if the tables are of a newer version that this build cannot use
   */
  migrate(): Promise<void>;
  /** Deletes up to 1,000 ended rows of each kind: for schedulers. */
  sweep(): Promise<void>;
}

/**
 * Creates a store on the operations of a dialect. After a failure of its server this process repeats its revocations of
 * the last 60 seconds, which a replica that took over may lack.
 */
export function createSqlStore(
  dialect: SqlDialect,
  options: { readonly timeout: number; readonly sweep: number | undefined },
): SqlStore {
  const queue = createSubjectQueue({ timeout: options.timeout });
  const sweeper = createSweeper({ intervalMs: options.sweep, sweep: () => dialect.sweep() });

  async function write<Name extends keyof WriteValues>(
    name: Name,
    values: WriteValues[Name],
  ): Promise<WriteResults[Name]> {
    const result = await dialect.write(name, values);
    sweeper.afterWrite();
    return result;
  }

  function removeUpTo(
    tag: string,
    range: { readonly except: string | undefined; readonly cutoff: number | null },
    context: WriteContext,
  ): Promise<RemoveAllResult> {
    const notAfter = Math.floor(context.notAfter);
    const { except = null, cutoff } = range;
    const sweepAt = notAfter + SUBJECT_TTL_MS;
    const values = [tag, except, context.operation, notAfter, sweepAt, cutoff] as const;
    return queue.run(tag, () => write('removeAll', values));
  }

  const store: SessionStore = {
    timeout: options.timeout,
    open: (context) => sweeper.open(context),
    async load(sid) {
      const [row] = await dialect.select('load', sid);
      if (row === undefined) throw new Error('The database returned no row for "load".');
      return { record: recordOf(row), now: Number(row['now']) };
    },
    loadRecord: async (sid) => recordOf((await dialect.select('read', sid))[0]),
    async list(tag) {
      const rows = await dialect.select('list', tag);
      const records = rows.flatMap((row) => recordOf(row) ?? []);
      return { records: records.sort(compareByAge), now: Number(rows[0]?.['now']) };
    },
    async insert(record, { max, onLimit }, context) {
      const { sid, createdAt, authVersion, dataVersion, auth, data } = record;
      const tag = tagOf(sid);
      const columns = authColumns(auth);
      const values: WriteValues['insert'] = [
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
        context.operation,
        Math.floor(context.notAfter),
        context.replaces ?? null,
        context.provenAt ?? null,
        // A visitor has a subject, but is in no table of users.
        data.guest === true ? null : data.subject,
      ];
      return insertResultOf(await queue.run(tag, () => write('insert', values)));
    },
    async replaceAuth(sid, expected, auth, { notAfter, data }, markReplayed) {
      const columns = authColumns(auth);
      const result = await write('replaceAuth', [
        sid,
        expected,
        columns.auth,
        columns.expiresAt,
        columns.usedAt,
        columns.sweepAt,
        columns.generation,
        columns.replayed,
        Math.floor(notAfter),
        markReplayed ?? null,
        data?.expected ?? null,
        data === undefined ? null : encodeData(data.part),
      ]);
      return replaceResultOf(result);
    },
    async replaceData(sid, expected, data, { notAfter }) {
      const values = [sid, expected, encodeData(data), Math.floor(notAfter)] as const;
      return replaceResultOf(await write('replaceData', values));
    },
    async remove(sid, { operation, notAfter }, expected) {
      const values = [sid, operation, Math.floor(notAfter), expected ?? null] as const;
      return removeResultOf(await write('remove', values));
    },
    removeAll: (tag, except, context) => removeUpTo(tag, { except, cutoff: null }, context),
    ready: () => dialect.check(),
    // The client is the caller's.
    async close() {
      dialect.close?.();
    },
  };
  const { failover } = dialect;
  const replaying =
    failover === undefined ? store : withRevocationReplay(replayable(failover), failover);
  return { ...replaying, migrate: () => dialect.migrate(), sweep: () => dialect.sweep() };

  function replayable({ onReconnect }: Failover): ReplayableStore {
    return {
      ...store,
      onReconnect,
      async removeUpTo(tag, range, context) {
        const result = await removeUpTo(tag, range, context);
        return { count: 0, ...result };
      },
    };
  }
}
