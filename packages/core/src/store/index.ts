export { createDeadlines, type Deadline, type Deadlines, type TimedCall } from '../deadlines.js';
export {
  type DeniableToken,
  type Denial,
  type Denylist,
  type DenylistHead,
  hasGoodVersion,
  raiseVersion,
  type Succession,
} from '../token/denylist.js';
export type { AccessEntry, AuthPart, DataPart, SessionRecord, Step } from './record.js';
export { byAge, isOver } from './record.js';
export {
  type Answer,
  type InsertAnswer,
  LARGEST_LEAD,
  type Late,
  type Loaded,
  MEMORY_OF_REMOVAL,
  type RemoveAllAnswer,
  type RemoveAnswer,
  type ReplaceAnswer,
  type SessionStore,
  type StoreContext,
  type SubjectLimit,
  type Write,
} from './store.js';
