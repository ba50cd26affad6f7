import { StoreUnavailableError } from '../errors.js';
import type { Migrate } from '../options.js';
import { type DataPart, isGuest, type SessionRecord } from '../store/record.js';
import type { StorePort } from '../store/store-port.js';
import { applySchema, type StandardSchema, toFrozenJson } from '../util/json.js';
import type { Logger } from '../util/logger.js';
import type { Events } from './events.js';
import { toSession } from './issue-tokens.js';

/** What brings stored data to the current shape. */
export interface DataMigration {
  readonly schema: StandardSchema<object> | undefined;
  readonly migrate: Migrate | undefined;
}

/**
 * Wraps a store so that every record that is read has data of the current shape: the result of `migrate`, then the output
 * of the schema. It is written with the next write of the data. A session without a result is removed, and reads as
 * absent. Without `migrate`, data that the schema refuses is returned as it is stored, and reported.
 *
 * @throws {StoreUnavailableError} if `migrate` throws or the schema refuses its result; the session stays
 */
export function createMigratingStore(
  store: StorePort,
  context: DataMigration & { readonly events: Events; readonly logger: Logger },
): StorePort {
  const { schema, migrate, events, logger } = context;
  /** Once per stored data, because cached records are read at every verification. */
  const migrated = new WeakMap<DataPart, DataPart>();

  function migrateData(record: SessionRecord): DataPart | undefined {
    // Guests may lack what the application expects. Their data is validated when they sign in.
    if (isGuest(record)) return record.data;
    const known = migrated.get(record.data);
    if (known !== undefined) return known;
    const data = migrate === undefined ? readBySchema(record) : readByMigrate(record, migrate);
    if (data === undefined) return undefined;
    const isCurrent = data === record.data.data;
    const part = isCurrent ? record.data : Object.freeze({ ...record.data, data });
    migrated.set(record.data, part);
    return part;
  }

  function readByMigrate(record: SessionRecord, convert: Migrate): object | undefined {
    const stored = record.data.data;
    try {
      const result = convert(stored, toSession<object>(record));
      if (result === undefined) return undefined;
      const data = result === stored ? stored : toFrozenJson(result);
      return schema === undefined ? data : applySchema(schema, data);
    } catch (error) {
      logger.error({ sid: record.sid, error }, 'migrate failed');
      throw new StoreUnavailableError('migrate failed. See the cause.', { cause: error });
    }
  }

  function readBySchema({ sid, data: { data } }: SessionRecord): object {
    try {
      return schema === undefined ? data : applySchema(schema, data);
    } catch (error) {
      // To end sessions by themselves would sign out all users of a rolling deployment.
      logger.warn(
        { sid, error },
        'stored session data does not fit the schema; give createSessions the option migrate',
      );
      return data;
    }
  }

  async function remove({ sid, data }: SessionRecord): Promise<void> {
    try {
      if ((await store.remove(sid)).status !== 'removed') return;
      events.emit('revoked', { cause: 'refused', sid, subject: data.subject });
      logger.info({ sid, cause: 'refused' }, 'session revoked: migrate returned no data');
    } catch {
      // The store's calls report it; the next read tries again.
    }
  }

  function read(record: SessionRecord | undefined): SessionRecord | undefined {
    if (record === undefined) return undefined;
    const data = migrateData(record);
    if (data === undefined) {
      void remove(record);
      return undefined;
    }
    return data === record.data ? record : { ...record, data };
  }

  function readConflict<Result extends { readonly status: string; readonly now: number }>(
    result: Result | { readonly status: 'conflict'; readonly record: SessionRecord; now: number },
  ): Result {
    if (result.status !== 'conflict') return result as Result;
    const { record, ...others } = result as { readonly record: SessionRecord; now: number };
    const migratedRecord = read(record);
    return (migratedRecord === undefined
      ? { status: 'absent', now: result.now }
      : { ...others, record: migratedRecord }) as unknown as Result;
  }

  return {
    ...store,
    async load(sid) {
      const { record, ...others } = await store.load(sid);
      return { ...others, record: read(record) };
    },
    async loadRecord(sid) {
      return read(await store.loadRecord(sid));
    },
    getCached: (sid) => read(store.getCached(sid)),
    async list(tag) {
      const { records, now } = await store.list(tag);
      return { records: records.map(read).filter((record) => record !== undefined), now };
    },
    replaceAuth: async (...call) => readConflict(await store.replaceAuth(...call)),
    replaceData: async (...call) => readConflict(await store.replaceData(...call)),
    remove: async (...call) => readConflict(await store.remove(...call)),
  };
}
