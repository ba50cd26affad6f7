export {
  type DeniableToken,
  type Denial,
  type Denylist,
  isCurrentVersion,
  type SubjectWatermark,
  type Supersession,
} from './denylist.js';
export type {
  AuthPart,
  DataPart,
  DeviceBinding,
  FormerFamily,
  OnceValue,
  Proof,
  ProofBinding,
  SessionLife,
  SessionRecord,
} from './record.js';
export { compareByAge, isExpired } from './record.js';
export {
  type InsertContext,
  type InsertResult,
  type LateResult,
  type LoadResult,
  MAX_CLOCK_LEAD_MS,
  REVOCATION_TTL_MS,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceAuthContext,
  type ReplaceResult,
  type SessionStore,
  type StoreContext,
  type SubjectLimit,
  TOMBSTONE_TTL_MS,
  type WriteContext,
} from './store.js';
