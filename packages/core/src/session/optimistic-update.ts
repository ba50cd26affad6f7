import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type { LateResult, ReplaceResult } from '../store/store.js';
import type { StorePort } from '../store/store-port.js';

/** What a record calls for at one moment of the store's time. */
export interface Attempt<Outcome> {
  readonly outcome: Outcome;
  /** Absent if there is nothing to write. */
  readonly write?: () => Promise<Exclude<ReplaceResult, LateResult>>;
}

/**
 * Optimistic update: load, decide, compare-and-set. On a conflict, decides again from the returned record. Returns
 * `undefined` if there is no such session.
 *
 * @throws {StoreUnavailableError} if every attempt met a conflict
 */
export async function updateWithRetry<Outcome>(
  store: StorePort,
  update: {
    readonly sid: string;
    readonly maxAttempts: number;
    readonly decide: (
      record: SessionRecord,
      at: number,
    ) => Attempt<Outcome> | Promise<Attempt<Outcome>>;
  },
): Promise<Outcome | undefined> {
  const { sid, maxAttempts, decide } = update;
  let { record, now: at } = await store.load(sid);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (record === undefined) return undefined;
    const { outcome, write } = await decide(record, at);
    if (write === undefined) return outcome;
    const result = await write();
    if (result.status === 'replaced') return outcome;
    if (result.status === 'absent') return undefined;
    record = result.record;
    at = result.now;
  }
  throw new StoreUnavailableError(
    `Other writes to the session came first ${maxAttempts} times. Try again.`,
  );
}
