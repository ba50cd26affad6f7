import { byAge, type SessionRecord } from '../store/record.js';
import type { InsertAnswer, Late, SubjectLimit } from '../store/store.js';
import { tagOf } from '../token/id.js';
import type { StorePort } from './store-port.js';

/** Rounds past other sign-ins that take the room which was made; it takes several at once for a third one. */
const ROUNDS = 4;

/**
 * Adds a session, and ends the oldest first where there are too many, each by itself. A store that evicts as it inserts
 * says only afterwards whom; what is to happen before a session ends, and may fail, would come too late, and the new
 * session would be there although the sign-in failed. `undefined` when others took the room in every round.
 */
export async function insertMakingRoom(
  store: Pick<StorePort, 'insert' | 'list' | 'remove'>,
  record: SessionRecord,
  limit: SubjectLimit,
): Promise<Exclude<InsertAnswer, Late> | undefined> {
  const evicted: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const answer = await store.insert(record, { ...limit, onLimit: 'reject' });
    if (answer.status === 'inserted') return { ...answer, evicted };
    if (answer.status === 'fenced') return answer;
    const { records } = await store.list(tagOf(record.sid));
    const excess = [...records].sort(byAge).slice(0, Math.max(0, records.length - limit.max + 1));
    for (const old of excess) {
      const { status } = await store.remove(old.sid, old);
      if (status === 'removed') evicted.push(old.sid);
    }
  }
  return undefined;
}
