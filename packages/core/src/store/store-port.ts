import type { AuthPart, DataPart, SessionRecord } from './record.js';
import type {
  InsertContext,
  InsertResult,
  LateResult,
  LoadResult,
  RemoveAllResult,
  RemoveResult,
  ReplaceResult,
  SubjectLimit,
} from './store.js';

/** The cause of the error for a record that a newer version of the store wrote. It can be removed. */
export const UNREADABLE: unique symbol = Symbol('unreadable record');

/**
 * The store as an engine and its kind of access token use it. Writes carry their deadline, and every failure is a
 * `StoreUnavailableError`.
 */
export interface StorePort {
  /** True if only this process uses the store. */
  readonly isLocal: boolean;
  /** Returns the record with the store's time. Rejects if there is a record that cannot be read. */
  load(sid: string): Promise<LoadResult>;
  /** Returns the record, for a decision that writes nothing and uses the estimated time. */
  loadRecord(sid: string): Promise<SessionRecord | undefined>;
  /** Returns the cached record, which may be stale. */
  getCached(sid: string): SessionRecord | undefined;
  insert(
    record: SessionRecord,
    limit: SubjectLimit,
    context?: Pick<InsertContext, 'replaces' | 'provenAt'>,
  ): Promise<Exclude<InsertResult, LateResult>>;
  /**
   * `markReplayed`: the generation that a conflict marks as replayed. `data`: a new data part, written with the auth part
   * or not at all.
   */
  replaceAuth(
    record: SessionRecord,
    auth: AuthPart,
    markReplayed?: number,
    data?: DataPart,
  ): Promise<Exclude<ReplaceResult, LateResult>>;
  replaceData(record: SessionRecord, data: DataPart): Promise<Exclude<ReplaceResult, LateResult>>;
  /** With `record`, only if its auth part is unchanged. */
  remove(sid: string, record?: SessionRecord): Promise<Exclude<RemoveResult, LateResult>>;
  list(tag: string): Promise<{ readonly records: readonly SessionRecord[]; readonly now: number }>;
  removeAll(tag: string, except: string | undefined): Promise<Exclude<RemoveAllResult, LateResult>>;
  ready(): Promise<void>;
  /** Makes sure that the store's time is known, by one read if it is not. Returns `undefined` if it is. */
  sampleTime(sid: string): Promise<void> | undefined;
}
