import type { AuthPart, DataPart, SessionRecord } from './record.js';
import type {
  InsertResult,
  LateResult,
  LoadResult,
  RemoveAllResult,
  RemoveResult,
  ReplaceResult,
  SubjectLimit,
} from './store.js';

/**
 * The store as an engine and its kind of access token use it. Writes carry their deadline, and every fault is a
 * `StoreUnavailableError`.
 */
export interface StorePort {
  /** True if only this process uses the store. */
  readonly isLocal: boolean;
  load(sid: string): Promise<LoadResult>;
  /** For a decision that writes nothing, and goes by the local clock with the last offset. */
  lookUp(sid: string): Promise<SessionRecord | undefined>;
  peek(sid: string): SessionRecord | undefined;
  insert(record: SessionRecord, limit: SubjectLimit): Promise<Exclude<InsertResult, LateResult>>;
  /** `shares`: the generation that a conflict marks as shared. */
  replaceAuth(
    record: SessionRecord,
    auth: AuthPart,
    markReplayed?: number,
  ): Promise<Exclude<ReplaceResult, LateResult>>;
  replaceData(record: SessionRecord, data: DataPart): Promise<Exclude<ReplaceResult, LateResult>>;
  /** With `record`, only if its auth part is still the one that it shows. */
  remove(sid: string, record?: SessionRecord): Promise<Exclude<RemoveResult, LateResult>>;
  list(tag: string): Promise<{ readonly records: readonly SessionRecord[]; readonly now: number }>;
  removeAll(tag: string, except: string | undefined): Promise<Exclude<RemoveAllResult, LateResult>>;
  ready(): Promise<void>;
  /** Makes sure that the store's time has been seen, at the cost of one read the first time. */
  sampleTime(sid: string): Promise<void>;
}
