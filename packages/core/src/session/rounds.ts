import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type { LateResult, ReplaceResult } from '../store/store.js';
import type { StorePort } from '../store/store-port.js';

/** What a record calls for at one moment of the store's time. */
export interface Attempt<Outcome> {
  readonly outcome: Outcome;
  /** Absent: there is nothing to write. */
  readonly write?: () => Promise<Exclude<ReplaceResult, LateResult>>;
}

/**
 * Decides on a session and writes the decision by compare-and-set; when another write came first, decides
 * anew on what that one left. `undefined` when there is no session.
 *
 * @throws StoreUnavailableError when others came first in every round
 */
export async function updateWithRetry<Outcome>(
  store: StorePort,
  given: {
    readonly sid: string;
    readonly rounds: number;
    readonly decide: (
      record: SessionRecord,
      at: number,
    ) => Attempt<Outcome> | Promise<Attempt<Outcome>>;
  },
): Promise<Outcome | undefined> {
  let { record, now: at } = await store.load(given.sid);
  for (let round = 0; round < given.rounds; round += 1) {
    if (record === undefined) return undefined;
    const { outcome, write } = await given.decide(record, at);
    if (write === undefined) return outcome;
    const answer = await write();
    if (answer.status === 'replaced') return outcome;
    if (answer.status === 'absent') return undefined;
    record = answer.record;
    at = answer.now;
  }
  throw new StoreUnavailableError(
    `Others wrote the session first ${given.rounds} times. Try again.`,
  );
}
